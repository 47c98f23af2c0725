/// Buttons and fields. A field shows its message below it, whoever found what is wrong.
import type { ReactNode } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Select as AriaSelect,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SelectValue,
  Text,
  TextArea,
} from "react-aria-components";
import { ChevronIcon } from "./icons.tsx";

export interface ButtonProps extends AriaButtonProps {
  kind?: "plain" | "primary" | "danger" | "quiet";
}

export function Button({ kind = "plain", className, ...rest }: ButtonProps) {
  return <AriaButton {...rest} className={`button ${kind} ${className ?? ""}`} />;
}

/// The name of a row that opens in a dialog.
export function RowButton({ onPress, children }: { onPress: () => void; children: ReactNode }) {
  return (
    <Button kind="quiet" className="cell-button" onPress={onPress}>
      {children}
    </Button>
  );
}

export interface TextFieldProps extends AriaTextFieldProps {
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  rows?: number;
}

export function TextField({ label, hint, placeholder, rows, className, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} className={`field ${className ?? ""}`}>
      <Label>{label}</Label>
      {rows ? <TextArea rows={rows} placeholder={placeholder} /> : <Input placeholder={placeholder} />}
      {hint && <Text slot="description">{hint}</Text>}
      <FieldError />
    </AriaTextField>
  );
}

export interface Option {
  id: string;
  label: string;
}

export interface SelectProps {
  label: string;
  options: Option[];
  name?: string;
  value?: string;
  defaultValue?: string;
  onChange?: (value: string) => void;
  hint?: ReactNode;
  className?: string;
}

/// One of a few.
export function Select({
  label,
  options,
  value,
  defaultValue,
  onChange,
  name,
  hint,
  className,
}: SelectProps) {
  return (
    <AriaSelect
      className={`field ${className ?? ""}`}
      {...(name ? { name } : {})}
      {...(value !== undefined ? { value } : {})}
      {...(defaultValue !== undefined ? { defaultValue } : {})}
      onChange={(key) => key !== null && onChange?.(String(key))}
    >
      <Label>{label}</Label>
      <AriaButton className="select">
        <SelectValue />
        <ChevronIcon />
      </AriaButton>
      {hint && <Text slot="description">{hint}</Text>}
      <FieldError />
      <Popover className="popover" offset={4}>
        <ListBox className="list-box" items={options}>
          {(option) => <ListBoxItem className="list-item">{option.label}</ListBoxItem>}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
