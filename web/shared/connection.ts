/// Whether the API can be reached: what the banner says, and when to try again.

export type Reach = "ok" | "offline" | "unavailable";

const FIRST_MS = 1_000;
const LONGEST_MS = 10_000;

export class Connection {
  reach: Reach = "ok";
  private timer: ReturnType<typeof setTimeout> | null = null;
  private waitMs = FIRST_MS;
  private readonly listeners = new Set<() => void>();
  private readonly returned = new Set<() => void>();

  constructor(private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis)) {
    addEventListener("offline", () => this.lost());
    addEventListener("online", () => void this.probe());
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  getReach = (): Reach => this.reach;

  /// Called each time when the API is back.
  onReturn(listener: () => void): () => void {
    this.returned.add(listener);
    return () => this.returned.delete(listener);
  }

  /// A request got no answer.
  lost(): void {
    this.become("offline");
  }

  /// The API answered that it can't serve.
  unavailable(): void {
    this.become("unavailable");
  }

  /// The API answered.
  answered(): void {
    if (this.reach === "ok") return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.waitMs = FIRST_MS;
    this.reach = "ok";
    this.tell();
    for (const listener of this.returned) listener();
  }

  private become(reach: "offline" | "unavailable"): void {
    if (reach !== this.reach) {
      this.reach = reach;
      this.tell();
    }
    this.timer ??= setTimeout(() => void this.probe(), this.waitMs);
  }

  /// Readiness, not life: during maintenance the process lives.
  private async probe(): Promise<void> {
    this.timer = null;
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_MS);
    try {
      const response = await this.fetch("/health/ready", { cache: "no-store" });
      if (response.ok) this.answered();
      else this.become("unavailable");
    } catch {
      this.become("offline");
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
