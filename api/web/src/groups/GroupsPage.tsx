// SPDX-License-Identifier: GPL-3.0-or-later
// Which hosts belong together? The groups, what is in them, and the variables that they give.
import { Anchor, Badge, Button, Group as Row, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { getJson, query, send } from "../api/client";
import type { Group, Page as PageOf } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ActMenu } from "../shell/ActMenu";
import { type Column, DataTable } from "../shell/DataTable";
import { useListState } from "../shell/list-state";
import { Page } from "../shell/Page";
import { SearchBox } from "../shell/SearchBox";
import { GroupForm } from "./GroupForm";

/** What Ansible has by itself and nobody changes in name or place. */
const BUILT_IN = new Set(["all", "ungrouped"]);

/** The names of all groups, to choose from. */
export function useGroupNames(): string[] {
  const groups = useQuery({
    queryKey: ["groups"],
    queryFn: ({ signal }) => getJson<PageOf<Group>>("/groups?page_size=500", signal),
  });
  return (groups.data?.results ?? []).map((group) => group.name);
}

export function GroupsPage() {
  const t = useText();
  const { may } = useVisitor();
  const list = useListState();
  const queries = useQueryClient();
  const names = useGroupNames();
  const [edited, setEdited] = useState<Group | "new" | null>(null);
  const mayWrite = may("admin", true);
  const columns: Column<Group>[] = [
    {
      head: t("schedules.name"),
      cell: (group) => (
        <>
          <Anchor component={Link} to={`/hosts${query({ group: group.name })}`} size="sm" fw={600}>
            {group.name}
          </Anchor>
          <Text size="xs" c="dimmed">
            {group.description}
          </Text>
          {group.warnings.map((warning) => (
            <Text key={warning} size="xs" c="var(--mantine-color-orange-light-color)">
              {warning}
            </Text>
          ))}
        </>
      ),
    },
    {
      head: t("groups.hosts"),
      cell: (group) => <span className="tabular">{group.hosts_count}</span>,
    },
    {
      head: t("groups.children"),
      visibleFrom: "sm",
      cell: (group) => <Names names={group.children} />,
    },
    {
      head: t("host.variables"),
      visibleFrom: "md",
      cell: (group) => (
        <Names names={[...Object.keys(group.variables), ...group.secret_variables]} />
      ),
    },
  ];
  if (mayWrite)
    columns.push({
      head: "",
      cell: (group, refresh) => (
        <ActMenu
          name={group.name}
          onDone={refresh}
          actions={[
            {
              label: t("common.change"),
              // As it is now: what a list shows may be some seconds old.
              act: async () =>
                setEdited(await getJson<Group>(`/groups/${encodeURIComponent(group.name)}`)),
            },
            !BUILT_IN.has(group.name) && {
              label: t("hosts.remove"),
              question: t("groups.remove-help", { name: group.name }),
              isDangerous: true,
              act: () => send("DELETE", `/groups/${encodeURIComponent(group.name)}?detach=true`),
            },
          ]}
        />
      ),
    });
  return (
    <Page
      title={t("nav.groups")}
      actions={mayWrite && <Button onClick={() => setEdited("new")}>{t("groups.add")}</Button>}
    >
      <Row>
        <SearchBox
          label={t("groups.search")}
          value={list.get("search")}
          onSearch={(search) => list.set({ search })}
        />
      </Row>
      <DataTable
        path="/groups"
        asked={{ search: list.get("search") }}
        columns={columns}
        rowKey={(group) => group.name}
        empty={t(list.get("search") ? "list.no-match" : "groups.none")}
        help={list.get("search") ? undefined : t("groups.none-help")}
      />
      {edited && (
        <GroupForm
          {...(edited === "new" ? {} : { group: edited })}
          names={names}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            void queries.invalidateQueries({ queryKey: ["/groups"] });
            void queries.invalidateQueries({ queryKey: ["groups"] });
          }}
        />
      )}
    </Page>
  );
}

function Names({ names }: { names: string[] }) {
  return (
    <Row gap={4}>
      {names.slice(0, 6).map((name) => (
        <Badge key={name} variant="default" radius="sm" tt="none" fw={500}>
          {name}
        </Badge>
      ))}
      {names.length > 6 && <Text size="xs">+{names.length - 6}</Text>}
    </Row>
  );
}
