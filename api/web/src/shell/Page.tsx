// SPDX-License-Identifier: GPL-3.0-or-later
// What do all pages have? A title, what can be done, and words where something is missing or wrong.
import {
  Alert,
  Box,
  Button,
  Group,
  Pagination,
  Paper,
  Skeleton,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useEffect } from "react";
import { ApiError } from "../api/client";
import { useText } from "../i18n/language";
import { InputError } from "./mapping";

interface PageProps {
  title: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
}

export function Page({ title, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · MyX`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          {title}
        </Title>
        <Group gap="xs">{actions}</Group>
      </Group>
      {children}
    </Stack>
  );
}

/** What went wrong, in words, with the way to try again. */
export function Problem({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const t = useText();
  const isAnswer = error instanceof ApiError;
  const isSaid = isAnswer || error instanceof InputError;
  return (
    <Alert color="red" role="alert" title={t(isSaid ? "error.refused" : "error.title")}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{isSaid ? error.message : t("error.unreachable")}</Text>
        {isAnswer &&
          error.fields.map((field) => (
            <Text size="sm" key={field.field}>
              <b>{field.field}</b>: {field.message}
            </Text>
          ))}
        {onRetry && (
          <Button size="xs" variant="light" color="red" onClick={onRetry}>
            {t("error.again")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Nothing is here yet: what to do next. */
export function Empty({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <Paper withBorder p="xl">
      <Stack align="center" gap="xs" ta="center">
        <Text fw={600}>{title}</Text>
        <Box c="dimmed" fz="sm">
          {children}
        </Box>
      </Stack>
    </Paper>
  );
}

export function Loading() {
  return (
    <Stack gap="xs" aria-busy="true">
      {["a", "b", "c", "d", "e"].map((row) => (
        <Skeleton key={row} height={34} />
      ))}
    </Stack>
  );
}

interface PagerProps {
  page: number;
  pageSize: number;
  count: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pageSize, count, onPage }: PagerProps) {
  const t = useText();
  const total = Math.max(1, Math.ceil(count / pageSize));
  return (
    <Group justify="space-between">
      <Text size="sm" c="dimmed">
        {t("list.count", { count: count.toLocaleString() })}
      </Text>
      {total > 1 && (
        <Pagination
          size="sm"
          value={page}
          total={total}
          onChange={onPage}
          getControlProps={(control) => ({ "aria-label": t(`list.${control}`) })}
        />
      )}
    </Group>
  );
}
