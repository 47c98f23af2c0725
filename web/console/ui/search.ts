/// Search parameters of an address: all are text. What is not valid is dropped, so a broken link shows a list.

type Reader = (value: unknown) => string | undefined;

export const text: Reader = (value) => (typeof value === "string" && value !== "" ? value : undefined);

export function choice<const T extends string>(...values: T[]) {
  return (value: unknown): T | undefined => values.find((each) => each === value);
}

/// `validateSearch` of a route.
export function search<S extends Record<string, (value: unknown) => string | undefined>>(shape: S) {
  return (raw: Record<string, unknown>): { [K in keyof S]?: ReturnType<S[K]> } => {
    const read: Record<string, string> = {};
    for (const [name, reader] of Object.entries(shape)) {
      const value = reader(raw[name]);
      if (value !== undefined) read[name] = value;
    }
    return read as { [K in keyof S]?: ReturnType<S[K]> };
  };
}

export function parseSearch(query: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(query));
}

export function stringifySearch(values: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const query = parameters.toString();
  return query ? `?${query}` : "";
}
