// SPDX-License-Identifier: GPL-3.0-or-later
// How is a page of hosts shown? In rows that can be chosen, and sorted by the server.
import {
  Anchor,
  Badge,
  Checkbox,
  Group,
  type MantineBreakpoint,
  Paper,
  ScrollArea,
  Table,
  Text,
  UnstyledButton,
} from "@mantine/core";
import { Link } from "react-router";
import type { Host } from "../api/types";
import { useLanguage, useText } from "../i18n/language";
import { useListState } from "../shell/list-state";
import { StatusBadge } from "../shell/StatusBadge";
import { tellAgo, useNow } from "../shell/times";

interface HostsTableProps {
  hosts: Host[];
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
}

export function HostsTable({ hosts, selected, onSelect }: HostsTableProps) {
  const t = useText();
  const now = useNow();
  const chosenHere = hosts.filter((host) => selected.has(host.name)).length;
  const toggle = (names: string[], isOn: boolean) => {
    const next = new Set(selected);
    for (const name of names) {
      if (isOn) next.add(name);
      else next.delete(name);
    }
    onSelect(next);
  };
  return (
    <Paper withBorder>
      <ScrollArea>
        <Table highlightOnHover verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={40}>
                <Checkbox
                  aria-label={t("hosts.select-page")}
                  checked={chosenHere === hosts.length}
                  indeterminate={chosenHere > 0 && chosenHere < hosts.length}
                  onChange={(event) =>
                    toggle(
                      hosts.map((host) => host.name),
                      event.currentTarget.checked,
                    )
                  }
                />
              </Table.Th>
              <SortedHead column="name" label={t("hosts.column-name")} isDefault />
              <SortedHead column="address" label={t("hosts.column-address")} visibleFrom="sm" />
              <Table.Th>{t("hosts.column-state")}</Table.Th>
              <Table.Th visibleFrom="md">{t("hosts.column-groups")}</Table.Th>
              <Table.Th visibleFrom="md">{t("hosts.column-load")}</Table.Th>
              <Table.Th visibleFrom="lg">{t("hosts.column-version")}</Table.Th>
              <Table.Th visibleFrom="sm">{t("hosts.column-seen")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {hosts.map((host) => (
              <HostRow
                key={host.name}
                host={host}
                now={now}
                isSelected={selected.has(host.name)}
                onToggle={(isOn) => toggle([host.name], isOn)}
              />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Paper>
  );
}

interface SortedHeadProps {
  column: string;
  label: string;
  isDefault?: boolean;
  visibleFrom?: MantineBreakpoint;
}

function SortedHead({ column, label, isDefault = false, visibleFrom }: SortedHeadProps) {
  const list = useListState();
  const order = list.get("order_by") || (isDefault ? column : "");
  const isUp = order === column;
  const isDown = order === `-${column}`;
  return (
    <Table.Th
      visibleFrom={visibleFrom}
      aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}
    >
      <UnstyledButton
        fz="sm"
        fw={700}
        onClick={() => list.set({ order_by: isUp ? `-${column}` : column })}
      >
        {label} {isUp ? "↑" : isDown ? "↓" : ""}
      </UnstyledButton>
    </Table.Th>
  );
}

interface HostRowProps {
  host: Host;
  now: number;
  isSelected: boolean;
  onToggle: (isOn: boolean) => void;
}

function HostRow({ host, now, isSelected, onToggle }: HostRowProps) {
  const { t, language } = useLanguage();
  const { agent } = host;
  return (
    <Table.Tr data-selected={isSelected || undefined}>
      <Table.Td>
        <Checkbox
          aria-label={t("hosts.select", { name: host.name })}
          checked={isSelected}
          onChange={(event) => onToggle(event.currentTarget.checked)}
        />
      </Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/hosts/${encodeURIComponent(host.name)}`} size="sm" fw={600}>
          {host.name}
        </Anchor>
        {host.description && (
          <Text size="xs" c="dimmed" truncate maw={220}>
            {host.description}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="tabular" visibleFrom="sm">
        {host.address}
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          <StatusBadge status={agent.status} />
          {host.maintenance_since && <StatusBadge status="maintenance" />}
        </Group>
        {agent.status === "offline" && agent.last_error && (
          <Text size="xs" c="dimmed" truncate maw={240} title={agent.last_error}>
            {agent.last_error}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Group gap={4}>
          {host.groups.slice(0, 4).map((group) => (
            <Badge key={group} variant="default" radius="sm" tt="none" fw={500}>
              {group}
            </Badge>
          ))}
          {host.groups.length > 4 && <Text size="xs">+{host.groups.length - 4}</Text>}
        </Group>
      </Table.Td>
      <Table.Td className="tabular" visibleFrom="md">
        {agent.load ? `${agent.load.load_1m.toFixed(1)} / ${agent.load.cpu_count}` : ""}
      </Table.Td>
      <Table.Td className="tabular" visibleFrom="lg">
        {agent.version}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {agent.last_seen_at ? tellAgo(agent.last_seen_at, now, language) : ""}
      </Table.Td>
    </Table.Tr>
  );
}
