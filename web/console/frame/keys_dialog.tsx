/// What the keyboard does on this page.
import { useState } from "react";
import { Dialog } from "#ui/dialog.tsx";
import { type Hotkey, hotkeys, useHotkey } from "#ui/hotkeys.ts";
import { useFrameWords } from "./words.ts";

export function KeysDialog() {
  const words = useFrameWords();
  const [shown, setShown] = useState<Hotkey[] | null>(null);
  useHotkey("?", words.keyList.list, () => setShown(hotkeys()));
  return (
    <Dialog title={words.keys} isOpen={shown !== null} onClose={() => setShown(null)} className="narrow">
      <dl className="keys">
        {shown?.map((each) => (
          <div key={each.keys}>
            <dt>{each.label}</dt>
            <dd>
              <kbd>{each.keys.replace("Mod+k", "Ctrl K")}</kbd>
            </dd>
          </div>
        ))}
        <div>
          <dt>{words.keyList.open}</dt>
          <dd>
            <kbd>Enter</kbd>
          </dd>
        </div>
      </dl>
    </Dialog>
  );
}
