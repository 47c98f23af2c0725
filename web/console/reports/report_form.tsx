/// Asking for a report: which one, its filters, its format; now, or by itself.
import { useState } from "react";
import { Select, TextField } from "#ui/controls.tsx";
import { countOf, DayField } from "#ui/fields.tsx";
import { optionsOf } from "#ui/filters.tsx";
import { ActDialog, type Values } from "#ui/form.tsx";
import { toast } from "#ui/toasts.tsx";
import { wordsOf } from "#ui/values.tsx";
import { useWords } from "#ui/words.ts";
import { type Every, type Format, type Report, useActs, useReports } from "./queries.ts";
import { useText } from "./text.ts";

const FORMATS: Format[] = ["csv", "xlsx", "pdf", "json"];
/// A schedule sets the period by itself.
const PERIOD = ["from", "to"];

/// The filters that were filled in, by their names: the fields of `report` are `filter.name`.
function filtersOf(values: Values, report: Report): Record<string, string> {
  return Object.fromEntries(
    report.filters
      .map((name) => [name, (values[`filter.${name}`] ?? "").trim()] as const)
      .filter(([, value]) => value !== ""),
  );
}

export function ReportDialog({ isSchedule, onClose }: { isSchedule: boolean; onClose: () => void }) {
  const text = useText();
  const words = useWords();
  const reports = useReports();
  const { make, schedule } = useActs();
  const [name, setName] = useState<string | null>(null);
  const [every, setEvery] = useState<Every>("day");
  const report = reports.data?.find((each) => each.name === name) ?? reports.data?.[0];
  return (
    <ActDialog
      title={isSchedule ? text.schedule : text.build}
      submitLabel={isSchedule ? text.schedule : text.build}
      isDisabled={!report}
      onClose={onClose}
      act={async (values) => {
        if (!report) return;
        const what = {
          report: report.name,
          format: (values.format ?? "csv") as Format,
          filters: filtersOf(values, report),
        };
        if (isSchedule) {
          await schedule({
            ...what,
            every,
            hour: countOf(values, "hour", words.numberInvalid) ?? 6,
            ...(every === "week" ? { weekday: Number(values.weekday ?? 1) } : {}),
            ...(every === "month"
              ? { month_day: countOf(values, "month_day", words.numberInvalid) ?? 1 }
              : {}),
          });
        } else await make(what);
        onClose();
        toast(isSchedule ? text.scheduled : text.begun);
      }}
    >
      <div className="fields">
        <Select
          label={text.report}
          options={(reports.data ?? []).map((each) => ({ id: each.name, label: each.title }))}
          value={report?.name ?? ""}
          onChange={setName}
        />
        <Select
          name="format"
          label={text.format}
          defaultValue="csv"
          options={FORMATS.map((id) => ({ id, label: id.toUpperCase() }))}
        />
      </div>
      {report && <p className="muted">{report.about}</p>}
      {isSchedule && <When every={every} onEvery={setEvery} />}
      {report && (
        <div className="fields" key={report.name}>
          {report.filters
            .filter((each) => !isSchedule || !PERIOD.includes(each))
            .map((each) => (
              <FilterField key={each} name={each} />
            ))}
        </div>
      )}
    </ActDialog>
  );
}

function FilterField({ name }: { name: string }) {
  const words = useWords();
  if (name === "from") return <DayField name="filter.from" label={words.from} />;
  if (name === "to") return <DayField name="filter.to" label={words.until} />;
  if (name === "month")
    return <TextField name="filter.month" label="month" placeholder="2026-11" isRequired />;
  return <TextField name={`filter.${name}`} label={wordsOf(name)} autoComplete="off" />;
}

function When({ every, onEvery }: { every: Every; onEvery: (every: Every) => void }) {
  const text = useText();
  return (
    <div className="fields">
      <Select
        label={text.every}
        options={optionsOf(text.periods)}
        value={every}
        onChange={(value) => onEvery(value as Every)}
      />
      {every === "week" && (
        <Select
          name="weekday"
          label={text.weekday}
          defaultValue="1"
          options={text.days.map((label, index) => ({ id: String(index + 1), label }))}
        />
      )}
      {every === "month" && (
        <TextField name="month_day" label={text.monthDay} defaultValue="1" inputMode="numeric" />
      )}
      <TextField name="hour" label={text.hour} defaultValue="6" inputMode="numeric" />
    </div>
  );
}
