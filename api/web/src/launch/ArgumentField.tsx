// SPDX-License-Identifier: GPL-3.0-or-later
// How is one argument of a template filled in? By what its type asks for.
import { PasswordInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { Argument } from "../api/types";
import { useText } from "../i18n/language";
import { type Field, isTextList, tellDefault } from "./arguments";
import { MONOSPACE } from "./monospace";

interface ArgumentFieldProps {
  argument: Argument;
  value: Field;
  error: string | null;
  onChange: (value: Field) => void;
}

export function ArgumentField({ argument, value, error, onChange }: ArgumentFieldProps) {
  const t = useText();
  const shared = {
    label: argument.name,
    description: argument.description || undefined,
    required: argument.required,
    error,
    placeholder: argument.secret ? "" : tellDefault(argument),
  };
  const text = typeof value === "string" ? value : "";
  if (argument.type === "bool")
    return (
      <Select
        {...shared}
        clearable
        value={typeof value === "boolean" ? String(value) : null}
        onChange={(chosen) => onChange(chosen === null ? null : chosen === "true")}
        data={[
          { value: "true", label: t("common.yes") },
          { value: "false", label: t("common.no") },
        ]}
      />
    );
  if (argument.choices && argument.type !== "list")
    return (
      <Select
        {...shared}
        clearable
        searchable
        value={text || null}
        onChange={onChange}
        data={argument.choices.map(String)}
      />
    );
  if (isTextList(argument))
    return (
      <TagsInput
        {...shared}
        value={Array.isArray(value) ? value : []}
        onChange={onChange}
        data={argument.choices?.map(String) ?? []}
      />
    );
  if (argument.secret)
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": t("sign-in.show") }}
      />
    );
  if (argument.type === "dict" || argument.type === "list")
    return (
      <Textarea
        {...shared}
        autosize
        minRows={2}
        maxRows={12}
        spellCheck={false}
        styles={MONOSPACE}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...shared}
      spellCheck={false}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
