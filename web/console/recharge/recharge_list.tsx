export function RechargeList() {
  return null;
}
