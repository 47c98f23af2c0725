/// Pages that are not shown, and why.
import { Link } from "@tanstack/react-router";
import { useFrameWords } from "./words.ts";

/// `permission`: what the role lacks; null if it covers only some operators.
export function Forbidden({ permission }: { permission: string | null }) {
  const words = useFrameWords();
  return (
    <div className="empty">
      <h1>{words.forbiddenTitle}</h1>
      <p>{permission === null ? words.tooNarrow : words.forbidden(permission)}</p>
      <Link to="/">{words.home}</Link>
    </div>
  );
}

export function NoPage() {
  const words = useFrameWords();
  return (
    <div className="empty">
      <h1>{words.notFoundTitle}</h1>
      <Link to="/">{words.home}</Link>
    </div>
  );
}
