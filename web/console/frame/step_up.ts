/// Who asks for a second factor, and who answers: the client of the API asks, one dialog answers them all.

type Listener = (isAsked: boolean) => void;

export class StepUpPrompt {
  private waiting: ((verified: boolean) => void)[] = [];
  private listener: Listener | null = null;

  /// Resolves when a person has verified the second factor (true), or closed the dialog (false).
  ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      this.waiting.push(resolve);
      this.listener?.(true);
    });

  watch(listener: Listener): () => void {
    this.listener = listener;
    listener(this.waiting.length > 0);
    return () => {
      this.listener = null;
    };
  }

  answer(verified: boolean): void {
    const waiting = this.waiting;
    this.waiting = [];
    this.listener?.(false);
    for (const resolve of waiting) resolve(verified);
  }
}
