// SPDX-License-Identifier: GPL-3.0-or-later
// How is a list searched? While one types, a moment after the last letter.
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { Icon } from "./icons";

const PAUSE_MS = 250;

interface SearchBoxProps {
  label: string;
  value: string;
  onSearch: (value: string) => void;
  /** It takes the room that there is, among others in a grid. */
  isFluid?: boolean;
}

export function SearchBox({ label, value, onSearch, isFluid = false }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const searchLater = useDebouncedCallback(onSearch, PAUSE_MS);
  useEffect(() => setText(value), [value]);
  return (
    <TextInput
      type="search"
      w={isFluid ? "100%" : { base: "100%", xs: 260 }}
      aria-label={label}
      placeholder={label}
      leftSection={<Icon name="search" size={16} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        searchLater(event.currentTarget.value.trim());
      }}
    />
  );
}
