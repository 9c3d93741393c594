// SPDX-License-Identifier: GPL-3.0-or-later
// How are variables edited? As JSON, which is also YAML; checked while one types.
import { Textarea } from "@mantine/core";
import { useText } from "../i18n/language";
import { readMapping } from "./mapping";

const MONOSPACE = { input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } };

interface MappingFieldProps {
  label: string;
  description?: string;
  value: string;
  onChange: (value: string) => void;
}

export function MappingField({ label, description, value, onChange }: MappingFieldProps) {
  const t = useText();
  return (
    <Textarea
      label={label}
      description={description}
      autosize
      minRows={3}
      maxRows={14}
      spellCheck={false}
      styles={MONOSPACE}
      value={value}
      error={readMapping(value) === null ? t("launch.no-mapping") : null}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
