// SPDX-License-Identifier: GPL-3.0-or-later
// What does MyX sign with? Its name beside three hosts around a middle.
import { Group, Text } from "@mantine/core";

export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true">
        <rect width="26" height="26" rx="7" fill="var(--mantine-primary-color-filled)" />
        <path d="M7 8l6 5 6-5M13 13v6" stroke="#fff" strokeWidth="1.6" fill="none" />
        <g fill="#fff">
          <circle cx="7" cy="8" r="2.2" />
          <circle cx="19" cy="8" r="2.2" />
          <circle cx="13" cy="19" r="2.2" />
        </g>
      </svg>
      <Text fw={700} size="lg" component="span">
        MyX
      </Text>
    </Group>
  );
}
