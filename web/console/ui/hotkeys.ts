/// Keys for a whole page. None acts while somebody types, or while a dialog is open that did not ask for it.
import { useEffect, useRef } from "react";

export interface Hotkey {
  keys: string;
  label: string;
}

const shown = new Set<Hotkey>();
/// What works on this page now, for the list of keys.
export const hotkeys = (): Hotkey[] => [...shown];

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/// `keys`: one key as `KeyboardEvent.key` names it, or `Mod+k` (Ctrl, on a Mac Command).
export function useHotkey(
  keys: string,
  label: string,
  act: (event: KeyboardEvent) => void,
  isOn = true,
): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!isOn) return;
    const entry = { keys, label };
    shown.add(entry);
    const withMod = keys.startsWith("Mod+");
    const key = withMod ? keys.slice(4) : keys;
    const hear = (event: KeyboardEvent) => {
      if (event.key !== key || event.altKey || event.defaultPrevented) return;
      if (withMod !== (event.ctrlKey || event.metaKey)) return;
      if (!withMod && (isTyping(event.target) || document.querySelector("[role=dialog],[role=alertdialog]")))
        return;
      event.preventDefault();
      latest.current(event);
    };
    document.addEventListener("keydown", hear);
    return () => {
      shown.delete(entry);
      document.removeEventListener("keydown", hear);
    };
  }, [keys, label, isOn]);
}
