// SPDX-License-Identifier: GPL-3.0-or-later
// How is one host? What it is, what it says now and said before, what happened to it, and what ran there.
import {
  Anchor,
  Badge,
  Card,
  Code,
  Group,
  Paper,
  Progress,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { getJson, query } from "../api/client";
import type { Host, HostStateChange, HostStatus, Page as PageOf, Run } from "../api/types";
import { useLanguage, useText } from "../i18n/language";
import { RunsTable } from "../runs/RunsPage";
import { useVisitor } from "../session/session";
import { Empty, Loading, Page, Problem } from "../shell/Page";
import { StatusBadge } from "../shell/StatusBadge";
import { tellAgo, tellBytes, tellSeconds, tellTime, useNow } from "../shell/times";
import { HostActions } from "./HostActions";
import { HostLoads } from "./HostLoads";

const REFRESH_MS = 5000;
const SHOWN = 10;

export function HostPage() {
  const t = useText();
  const name = useParams().name ?? "";
  const path = `/hosts/${encodeURIComponent(name)}`;
  const {
    data: host,
    error,
    refetch,
  } = useQuery({
    queryKey: ["host", name],
    queryFn: ({ signal }) => getJson<Host>(path, signal),
    refetchInterval: REFRESH_MS,
  });
  if (error && !host) return <Problem error={error} onRetry={() => void refetch()} />;
  if (!host) return <Loading />;
  return (
    <Page title={host.name} actions={<HostActions host={host} onChange={() => void refetch()} />}>
      <Group gap="sm">
        <StatusBadge status={host.agent.status} />
        {host.maintenance_since && <StatusBadge status="maintenance" />}
        <Text size="sm" c="dimmed">
          {[host.address, host.description, host.maintenance_reason].filter(Boolean).join(" · ")}
        </Text>
      </Group>
      {host.agent.last_error && host.agent.status !== "online" && (
        <Text size="sm">{host.agent.last_error}</Text>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <HostLoadCard host={host} />
        <HostFacts host={host} />
      </SimpleGrid>
      <HostLoads key={host.name} host={host} />
      <HostVariables host={host} />
      <Title order={2} size="h4">
        {t("host.runs")}
      </Title>
      <HostRuns name={name} />
      <Title order={2} size="h4">
        {t("host.history")}
      </Title>
      <HostHistory path={path} />
    </Page>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <Group justify="space-between" gap="sm" wrap="nowrap" align="flex-start">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text size="sm" ta="end" component="div" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </Group>
  );
}

function Meter({
  label,
  used,
  total,
  words,
}: {
  label: string;
  used: number;
  total: number;
  words: string;
}) {
  const percent = total > 0 ? Math.min(100, (used / total) * 100) : 0;
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        <Text size="sm" className="tabular">
          {words}
        </Text>
      </Group>
      <Progress
        value={percent}
        color={percent > 90 ? "red" : percent > 75 ? "yellow" : "green"}
        aria-label={`${label}: ${words}`}
      />
    </div>
  );
}

function HostLoadCard({ host }: { host: Host }) {
  const { t, language } = useLanguage();
  const now = useNow();
  const { load } = host.agent;
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h5">
          {t("host.load")}
        </Title>
        {!load && <Text size="sm">{t(host.agent.version ? "host.no-load" : "host.no-agent")}</Text>}
        {load && (
          <>
            <Meter
              label={t("host.cpu")}
              used={load.load_1m}
              total={load.cpu_count}
              words={`${load.load_1m.toFixed(2)} / ${load.cpu_count}`}
            />
            <Meter
              label={t("host.memory")}
              used={load.memory_total_bytes - load.memory_available_bytes}
              total={load.memory_total_bytes}
              words={`${tellBytes(load.memory_total_bytes - load.memory_available_bytes)} / ${tellBytes(load.memory_total_bytes)}`}
            />
            <Meter
              label={t("host.disk")}
              used={load.disk_total_bytes - load.disk_free_bytes}
              total={load.disk_total_bytes}
              words={`${tellBytes(load.disk_total_bytes - load.disk_free_bytes)} / ${tellBytes(load.disk_total_bytes)}`}
            />
          </>
        )}
        {host.agent.last_seen_at && (
          <Fact label={t("hosts.column-seen")}>
            {tellAgo(host.agent.last_seen_at, now, language)}
          </Fact>
        )}
      </Stack>
    </Card>
  );
}

function HostFacts({ host }: { host: Host }) {
  const t = useText();
  const isOnline = host.agent.status === "online";
  const status = useQuery({
    queryKey: ["host-status", host.name],
    queryFn: ({ signal }) =>
      getJson<HostStatus>(`/hosts/${encodeURIComponent(host.name)}/status`, signal),
    enabled: isOnline,
    staleTime: 30_000,
  });
  const facts = status.data;
  return (
    <Card withBorder>
      <Stack gap={6}>
        <Title order={2} size="h5">
          {t("host.facts")}
        </Title>
        {facts && (
          <>
            <Fact label={t("host.os")}>{facts.os}</Fact>
            <Fact label={t("host.kernel")}>{`${facts.kernel} ${facts.architecture}`}</Fact>
            <Fact label={t("host.uptime")}>{tellSeconds(facts.uptime_s)}</Fact>
            <Fact label="Python">{facts.python_version}</Fact>
            <Fact label="ansible-core">{facts.ansible_core_version}</Fact>
          </>
        )}
        <Fact label={t("hosts.column-version")}>
          {host.agent.version ?? t("state.not_installed")}
        </Fact>
        <Fact label="SSH">{`${host.ssh_user}@${host.address}:${host.ssh_port}`}</Fact>
        {host.groups.length > 0 && (
          <Fact label={t("hosts.column-groups")}>
            <Group gap={4} justify="flex-end">
              {host.groups.map((group) => (
                <Badge key={group} variant="default" radius="sm" tt="none">
                  {group}
                </Badge>
              ))}
            </Group>
          </Fact>
        )}
        {Object.entries(host.labels).map(([label, value]) => (
          <Fact key={label} label={label}>
            {value}
          </Fact>
        ))}
        {host.location && <Fact label={t("host.location")}>{host.location}</Fact>}
        {host.provider && <Fact label={t("host.provider")}>{host.provider}</Fact>}
        {host.idc && <Fact label={t("host.idc")}>{host.idc}</Fact>}
      </Stack>
    </Card>
  );
}

function HostVariables({ host }: { host: Host }) {
  const t = useText();
  const names = Object.keys(host.variables);
  if (names.length + host.secret_variables.length === 0) return null;
  return (
    <Card withBorder>
      <Title order={2} size="h5" mb="xs">
        {t("host.variables")}
      </Title>
      <Code block>{JSON.stringify(host.variables, null, 2)}</Code>
      {host.secret_variables.length > 0 && (
        <Text size="sm" mt="xs">
          {t("host.secret-variables")}: {host.secret_variables.join(", ")}
        </Text>
      )}
    </Card>
  );
}

function HostRuns({ name }: { name: string }) {
  const t = useText();
  const { may } = useVisitor();
  const runs = useQuery({
    queryKey: ["runs", { host: name, page_size: SHOWN }],
    queryFn: ({ signal }) =>
      getJson<PageOf<Run>>(`/runs${query({ host: name, page_size: SHOWN })}`, signal),
    refetchInterval: REFRESH_MS,
  });
  if (runs.error) return <Problem error={runs.error} />;
  if (!runs.data) return <Loading />;
  if (runs.data.count === 0)
    return (
      <Empty title={t("host.no-runs")}>
        {may("operator") && (
          <Anchor component={Link} to={`/launch${query({ limit: name })}`}>
            {t("hosts.run-on")}
          </Anchor>
        )}
      </Empty>
    );
  return <RunsTable runs={runs.data.results} />;
}

function HostHistory({ path }: { path: string }) {
  const { t, language } = useLanguage();
  const history = useQuery({
    queryKey: ["host-history", path],
    queryFn: ({ signal }) =>
      getJson<PageOf<HostStateChange>>(`${path}/history${query({ page_size: SHOWN })}`, signal),
    refetchInterval: REFRESH_MS,
  });
  if (!history.data) return <Loading />;
  if (history.data.count === 0)
    return <Empty title={t("host.no-history")}>{t("host.no-history-help")}</Empty>;
  return (
    <Paper withBorder>
      <Table verticalSpacing="xs">
        <Table.Tbody>
          {history.data.results.map((change) => (
            <Table.Tr key={`${change.at}${change.state}`}>
              <Table.Td className="tabular" style={{ whiteSpace: "nowrap" }}>
                {tellTime(change.at, language)}
              </Table.Td>
              <Table.Td>
                <StatusBadge status={change.state} />
              </Table.Td>
              <Table.Td w="100%">{change.reason}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}
