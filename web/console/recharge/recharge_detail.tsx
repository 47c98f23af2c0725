export function RechargeDetail() {
  return null;
}
