// SPDX-License-Identifier: GPL-3.0-or-later
// How is a list narrowed to one of a few words? By choosing it; nothing chosen is everything.
import { Select } from "@mantine/core";

interface ChoiceFilterProps<Value extends string> {
  /** What it says while nothing is chosen. */
  label: string;
  values: readonly Value[];
  name: (value: Value) => string;
  chosen: string | null;
  onChoose: (chosen: string | null) => void;
}

export function ChoiceFilter<Value extends string>(props: ChoiceFilterProps<Value>) {
  const { label, values, name, chosen, onChoose } = props;
  return (
    <Select
      w={{ base: "100%", xs: 200 }}
      aria-label={label}
      placeholder={label}
      clearable
      value={chosen}
      onChange={onChoose}
      data={values.map((value) => ({ value, label: name(value) }))}
    />
  );
}
