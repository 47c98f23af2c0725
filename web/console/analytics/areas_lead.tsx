/// What every page of figures has at its top: when they were counted, and the ways to the others.
import { Link } from "@tanstack/react-router";
import { useMay } from "#ui/services.tsx";
import { texts } from "#ui/text.ts";
import { Instant } from "#ui/values.tsx";

export const useText = texts({ en: () => import("./messages.en.ts"), hi: () => import("./messages.hi.ts") });

export function Lead({ say, countedAt }: { say?: string; countedAt: string | null | undefined }) {
  const text = useText();
  const may = useMay();
  return (
    <>
      {say && <span>{say}</span>}
      <span>
        {text.counted} <Instant at={countedAt} />
      </span>
      <Link to="/analytics" activeOptions={{ exact: true }}>
        {text.title}
      </Link>
      <Link to="/analytics/segments">{text.segments}</Link>
      <Link to="/analytics/cohorts">{text.cohorts}</Link>
      <Link to="/analytics/forecast">{text.forecast}</Link>
      {may("Offers:read") && <Link to="/analytics/campaigns">{text.campaigns}</Link>}
    </>
  );
}
