/// Filters of a list: each is a search parameter, so the address is the list that one sees.
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { parsePhone } from "#shared/phone.ts";
import { Button, type Option, Select, TextField } from "./controls.tsx";
import { useWords } from "./words.ts";

/// Stands for no choice, which an address leaves out.
const ANY = "*";

export type FilterValues = Record<string, string | undefined>;

export interface TextFilter {
  name: string;
  label: string;
  placeholder?: string;
  /// What the API takes for what a person types; undefined if there is no such thing.
  read?: (text: string) => string | undefined;
}

/// By a phone number, as a person types it.
export function phoneFilter(label: string): TextFilter {
  return {
    name: "phone_number",
    label,
    placeholder: "98765 43210",
    read: (typed) => parsePhone(typed) ?? undefined,
  };
}

/// By the code of an operator.
export function operatorFilter(label: string): TextFilter {
  return { name: "operator", label, placeholder: "JIO", read: (typed) => typed.toUpperCase() };
}

/// The choices of a filter, from their words by the value that the API takes.
export function optionsOf(words: Record<string, string>): Option[] {
  return Object.entries(words).map(([id, label]) => ({ id, label }));
}

export interface ChoiceFilter {
  name: string;
  label: string;
  options: Option[];
  /// What the list shows without a choice, if that is not everything.
  none?: string;
}

/// Changes search parameters and goes back to the first page.
export function useFilters(): (changes: FilterValues) => void {
  const navigate = useNavigate();
  return (changes) =>
    void navigate({
      to: ".",
      search: ((old: FilterValues) => ({ ...old, ...changes, cursor: undefined })) as never,
      state: (state) => {
        const { trail: _, ...rest } = state;
        return rest;
      },
    });
}

export interface FiltersProps {
  values: FilterValues;
  texts?: TextFilter[];
  choices?: ChoiceFilter[];
  children?: ReactNode;
}

export function Filters({ values, texts = [], choices = [], children }: FiltersProps) {
  const words = useWords();
  const filter = useFilters();
  const names = [...texts.map((each) => each.name), ...choices.map((each) => each.name)];
  const isFiltered = names.some((name) => values[name] !== undefined);
  return (
    <search className="filters">
      {texts.map((each) => (
        <TextFilterField
          key={`${each.name}=${values[each.name] ?? ""}`}
          filter={each}
          value={values[each.name]}
        />
      ))}
      {choices.map((each) => (
        <Select
          key={each.name}
          label={each.label}
          options={[{ id: ANY, label: each.none ?? words.any }, ...each.options]}
          value={values[each.name] ?? ANY}
          onChange={(value) => filter({ [each.name]: value === ANY ? undefined : value })}
        />
      ))}
      {children}
      {isFiltered && (
        <Button
          kind="quiet"
          onPress={() => filter(Object.fromEntries(names.map((name) => [name, undefined])))}
        >
          {words.clearFilters}
        </Button>
      )}
    </search>
  );
}

function TextFilterField({ filter, value }: { filter: TextFilter; value: string | undefined }) {
  const change = useFilters();
  const [text, setText] = useState(value ?? "");
  const apply = (event?: FormEvent) => {
    event?.preventDefault();
    const typed = text.trim();
    const read = typed === "" ? undefined : filter.read ? (filter.read(typed) ?? typed) : typed;
    if (read !== value) change({ [filter.name]: read });
  };
  return (
    <form onSubmit={apply} className="wide">
      <TextField
        label={filter.label}
        value={text}
        onChange={setText}
        onBlur={() => apply()}
        autoComplete="off"
        className="wide"
        {...(filter.placeholder ? { placeholder: filter.placeholder } : {})}
      />
    </form>
  );
}
