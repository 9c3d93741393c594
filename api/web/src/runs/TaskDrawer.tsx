// SPDX-License-Identifier: GPL-3.0-or-later
// What did a task say on a host? Its message, its output, its diff, and all the rest as it came.
import { Alert, Badge, Code, Drawer, Group, Stack, Text } from "@mantine/core";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { Loading } from "../shell/Page";
import { tellSeconds } from "../shell/times";
import { readDiffs } from "./diff";
import classes from "./Run.module.css";
import { type Chosen, useTaskResult } from "./task-result";
import type { TaskItem, TaskState } from "./tasks";

const COLORS: Record<TaskState, string> = {
  ok: "green",
  changed: "yellow",
  failed: "red",
  ignored: "grape",
  skipped: "gray",
  unreachable: "red",
  running: "blue",
};

export function TaskDrawer({ chosen, onClose }: { chosen: Chosen | null; onClose: () => void }) {
  const t = useText();
  const task = chosen?.task;
  const result = useTaskResult(chosen);
  return (
    <Drawer
      opened={chosen !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={task?.name}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {task && (
        <Stack gap="md">
          <Group gap="sm">
            <StateBadge state={task.state} />
            <Text size="sm">{chosen.host}</Text>
            {task.seconds !== null && (
              <Text size="sm" c="dimmed">
                {tellSeconds(task.seconds)}
              </Text>
            )}
          </Group>
          <Text size="xs" c="dimmed">
            <Code>{task.path}</Code>
          </Text>
          {result.isPending && <Loading />}
          {result.error && <Alert color="red">{result.error.message}</Alert>}
          <Result result={result.data?.result ?? {}} />
          {result.data?.items.map((item, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items only ever come behind others
            <Item key={index} item={item} />
          ))}
        </Stack>
      )}
    </Drawer>
  );
}

function StateBadge({ state }: { state: TaskState }) {
  const t = useText();
  return (
    <Badge variant="light" color={COLORS[state]} radius="sm" tt="none">
      {t(`task.${state}` as Key)}
    </Badge>
  );
}

function Item({ item }: { item: TaskItem }) {
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <StateBadge state={item.state} />
        <Code>{item.label}</Code>
      </Group>
      <Result result={item.result} />
    </Stack>
  );
}

const SHOWN_APART = [
  "msg",
  "stdout",
  "stderr",
  "module_stdout",
  "module_stderr",
  "exception",
] as const;
const HIDDEN = new Set<string>([...SHOWN_APART, "diff", "stdout_lines", "stderr_lines", "results"]);

function Result({ result }: { result: Record<string, unknown> }) {
  const t = useText();
  const rest = Object.fromEntries(
    Object.entries(result).filter(([name]) => !HIDDEN.has(name) && !name.startsWith("_ansible")),
  );
  return (
    <>
      {SHOWN_APART.map((name) => {
        const value = result[name];
        if (value === undefined || value === "" || value === null) return null;
        return (
          <Part key={name} title={name}>
            {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
          </Part>
        );
      })}
      {readDiffs(result.diff).map((diff) => (
        <div key={diff.title}>
          <Text size="xs" fw={600}>
            {t("task.diff")} {diff.title}
          </Text>
          <div className={classes.diff}>
            {diff.lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a diff never move
              <div key={index} data-kind={line.kind}>
                {`${line.kind === "@" ? "" : line.kind}${line.text}`}
              </div>
            ))}
          </div>
        </div>
      ))}
      {Object.keys(rest).length > 0 && (
        <Part title={t("task.result")}>{JSON.stringify(rest, null, 2)}</Part>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: string }) {
  return (
    <div>
      <Text size="xs" fw={600}>
        {title}
      </Text>
      <pre className={classes.pre}>{children.slice(0, 200_000)}</pre>
    </div>
  );
}
