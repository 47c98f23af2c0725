/// Short notes about what was done. They go by themselves, and are read to those who don't see them.
import { useSyncExternalStore } from "react";
import { Button } from "./controls.tsx";
import { CheckIcon, CloseIcon } from "./icons.tsx";
import { useWords } from "./words.ts";

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 6_000;
const MOST = 4;
let toasts: Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

export function toast(text: string): void {
  const id = ++last;
  change([...toasts, { id, text }].slice(-MOST));
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  change(toasts.filter((each) => each.id !== id));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const words = useWords();
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((each) => (
        <div className="toast" key={each.id}>
          <CheckIcon />
          <span>{each.text}</span>
          <Button
            kind="quiet"
            className="icon-button tiny"
            aria-label={words.close}
            onPress={() => dismiss(each.id)}
          >
            <CloseIcon />
          </Button>
        </div>
      ))}
    </div>
  );
}
