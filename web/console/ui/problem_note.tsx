/// Why something did not work: what the API said, the request's id to copy, and what to do.
import type { ReactNode } from "react";
import { Button } from "react-aria-components";
import { NoAnswer, Problem } from "#shared/problem.ts";
import { WarnIcon } from "./icons.tsx";
import { Reference } from "./values.tsx";
import { useWords } from "./words.ts";

/// `without`: names of fields whose messages stand at these fields already.
export function ProblemNote({
  error,
  onRetry,
  without = [],
}: {
  error: unknown;
  onRetry?: () => void;
  without?: string[];
}) {
  const words = useWords();
  const problem = error instanceof Problem ? error : null;
  const detail = problem instanceof NoAnswer ? words.noAnswer : (problem?.detail ?? words.failed);
  const fields = (problem?.fields ?? []).filter(
    (each) => !without.includes(each.field.replace(/^body\./, "")),
  );
  return (
    <div className="problem" role="alert">
      <WarnIcon />
      <div>
        <p>{detail}</p>
        {fields.length > 0 && (
          <ul>
            {fields.map((each) => (
              <li key={each.field + each.message}>
                <code>{each.field}</code> {each.message}
              </li>
            ))}
          </ul>
        )}
        {problem?.requestId && (
          <p className="muted small">
            {words.requestId} <Reference value={problem.requestId} />
          </p>
        )}
        {onRetry && (
          <Button className="button small" onPress={onRetry}>
            {words.tryAgain}
          </Button>
        )}
      </div>
    </div>
  );
}

/// A page or a list without content: why, and one thing to do.
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p>{title}</p>
      {children}
    </div>
  );
}
