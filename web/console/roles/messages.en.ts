export default {
  title: "Roles",
  lead: "Who may do what. A change counts at the next request of everybody who has the role.",
  create: "New role",
  resource: "About",
  admins: "Admins with it",
  actions: { read: "see", write: "make", edit: "change", delete: "delete" },
  removeTitle: (name: string) => `Delete ${name}`,
};
