// SPDX-License-Identifier: GPL-3.0-or-later
// How is said which deliveries run, and what they give? In rows that are added and taken away.
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useText } from "../i18n/language";
import { Icon } from "../shell/icons";
import type { Condition, Given, Rule } from "./rules";
import { makeRowKey } from "./rules";

interface RowsProps<T> {
  rows: T[];
  onChange: (rows: T[]) => void;
}

export function RuleRows({ rows, onChange }: RowsProps<Rule>) {
  const t = useText();
  const change = (key: string, changes: Partial<Rule>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add = { key: makeRowKey(), place: "", condition: "equals" as const, value: "" };
  return (
    <Rows
      title={t("webhooks.rules")}
      help={t("webhooks.rules-help")}
      add={t("webhooks.add-rule")}
      onAdd={() => onChange([...rows, add])}
    >
      {rows.map((row) => (
        <Row key={row.key} onRemove={() => onChange(rows.filter((each) => each.key !== row.key))}>
          <TextInput
            aria-label={t("webhooks.place")}
            placeholder="/ref"
            required
            spellCheck={false}
            value={row.place}
            onChange={(event) => change(row.key, { place: event.currentTarget.value })}
          />
          <Select
            aria-label={t("webhooks.condition")}
            allowDeselect={false}
            value={row.condition}
            onChange={(condition) => change(row.key, { condition: condition as Condition })}
            data={(["equals", "matches", "exists"] as const).map((each) => ({
              value: each,
              label: t(`webhooks.${each}`),
            }))}
          />
          <TextInput
            aria-label={t("webhooks.value")}
            placeholder={row.condition === "exists" ? "true" : ""}
            spellCheck={false}
            value={row.value}
            onChange={(event) => change(row.key, { value: event.currentTarget.value })}
          />
        </Row>
      ))}
    </Rows>
  );
}

export function GivenRows({ rows, onChange }: RowsProps<Given>) {
  const t = useText();
  const change = (key: string, changes: Partial<Given>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add: Given = {
    key: makeRowKey(),
    name: "",
    pointer: "",
    type: "string",
    required: true,
    fallback: null,
  };
  return (
    <Rows
      title={t("webhooks.given")}
      help={t("webhooks.given-help")}
      add={t("webhooks.add-given")}
      onAdd={() => onChange([...rows, add])}
    >
      {rows.map((row) => (
        <Row key={row.key} onRemove={() => onChange(rows.filter((each) => each.key !== row.key))}>
          <TextInput
            aria-label={t("webhooks.variable")}
            placeholder="version"
            required
            spellCheck={false}
            value={row.name}
            onChange={(event) => change(row.key, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={t("webhooks.place")}
            placeholder="/head_commit/id"
            required
            spellCheck={false}
            value={row.pointer}
            onChange={(event) => change(row.key, { pointer: event.currentTarget.value })}
          />
          <Select
            aria-label={t("webhooks.type")}
            allowDeselect={false}
            value={row.type}
            onChange={(type) => change(row.key, { type: type as Given["type"] })}
            data={["string", "number", "boolean"]}
          />
        </Row>
      ))}
    </Rows>
  );
}

/** The fields of a row, below each other on a phone, and what takes it away. */
function Row({ onRemove, children }: { onRemove: () => void; children: React.ReactNode }) {
  const t = useText();
  return (
    <Group gap="xs" wrap="nowrap">
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs" flex={1}>
        {children}
      </SimpleGrid>
      <ActionIcon variant="subtle" color="gray" aria-label={t("hosts.remove")} onClick={onRemove}>
        <Icon name="close" size={16} />
      </ActionIcon>
    </Group>
  );
}

interface FrameProps {
  title: string;
  help: string;
  add: string;
  onAdd: () => void;
  children: React.ReactNode;
}

function Rows({ title, help, add, onAdd, children }: FrameProps) {
  return (
    <Fieldset legend={title}>
      <Stack gap="xs">
        <Text size="xs" c="dimmed">
          {help}
        </Text>
        {children}
        <Group>
          <Button size="compact-sm" variant="default" onClick={onAdd}>
            {add}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
