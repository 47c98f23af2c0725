export default {
  title: "Recharges",
};
