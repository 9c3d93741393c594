// SPDX-License-Identifier: GPL-3.0-or-later
// Which hosts are there, and how are they? A page of them at a time, found by the server.
import { Button, Code, Group, MultiSelect, Select, TagsInput, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getJson, query } from "../api/client";
import type { Host, Page as PageOf } from "../api/types";
import { useGroupNames } from "../groups/GroupsPage";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { useListState } from "../shell/list-state";
import { Empty, Loading, Page, Pager, Problem } from "../shell/Page";
import { SearchBox } from "../shell/SearchBox";
import { HostAdder } from "./HostAdder";
import { HostsTable } from "./HostsTable";
import { SelectedHosts } from "./SelectedHosts";

const PAGE_SIZE = 50;
const REFRESH_MS = 5000;
/** Of a filter: all there is on a phone. */
const WIDTH = { base: "100%", xs: 220 };
const HOST_STATES = ["online", "offline", "not_installed", "failed"] as const;

export function HostsPage() {
  const t = useText();
  const { may } = useVisitor();
  const list = useListState();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isAdding, setAdding] = useState(list.get("add") === "1");
  const asked = {
    page: list.page,
    page_size: PAGE_SIZE,
    search: list.get("search"),
    group: list.get("group"),
    state: list.getAll("state"),
    label: list.getAll("label"),
    order_by: list.get("order_by"),
  };
  const { data, error, refetch } = useQuery({
    queryKey: ["hosts", asked],
    queryFn: ({ signal }) => getJson<PageOf<Host>>(`/hosts${query(asked)}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const isFiltered = Boolean(
    asked.search || asked.group || asked.state.length + asked.label.length,
  );
  const add = may("admin") && <Button onClick={() => setAdding(true)}>{t("hosts.add")}</Button>;
  return (
    <Page title={t("nav.hosts")} actions={add}>
      <HostFilters />
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data?.count === 0 && (
        <Empty title={t(isFiltered ? "list.no-match" : "hosts.none")}>
          {!isFiltered && (
            <Text size="sm">
              {may("admin") ? t("hosts.none-help") : t("hosts.none-ask")}{" "}
              {may("admin") && <Code>myx host add NAME --address ADDRESS</Code>}
            </Text>
          )}
        </Empty>
      )}
      {data && data.count > 0 && (
        <>
          <SelectedHosts
            selected={selected}
            onClear={() => setSelected(new Set())}
            onDone={() => void refetch()}
          />
          <HostsTable hosts={data.results} selected={selected} onSelect={setSelected} />
          <Pager
            page={asked.page}
            pageSize={PAGE_SIZE}
            count={data.count}
            onPage={(page) => list.set({ page })}
          />
        </>
      )}
      {isAdding && <HostAdder onClose={() => setAdding(false)} />}
    </Page>
  );
}

function HostFilters() {
  const t = useText();
  const list = useListState();
  const groups = useGroupNames();
  return (
    <Group gap="sm" align="flex-start">
      <SearchBox
        label={t("hosts.search")}
        value={list.get("search")}
        onSearch={(search) => list.set({ search })}
      />
      <Select
        w={WIDTH}
        aria-label={t("hosts.group")}
        placeholder={t("hosts.group")}
        clearable
        searchable
        value={list.get("group") || null}
        onChange={(group) => list.set({ group })}
        data={groups}
      />
      <MultiSelect
        w={WIDTH}
        aria-label={t("hosts.state")}
        placeholder={list.getAll("state").length > 0 ? "" : t("hosts.state")}
        clearable
        value={list.getAll("state")}
        onChange={(states) => list.setAll("state", states)}
        data={HOST_STATES.map((state) => ({ value: state, label: t(`state.${state}` as Key) }))}
      />
      <TagsInput
        w={WIDTH}
        aria-label={t("hosts.label")}
        placeholder={list.getAll("label").length > 0 ? "" : t("hosts.label-example")}
        clearable
        splitChars={[";"]}
        value={list.getAll("label")}
        onChange={(labels) => list.setAll("label", labels)}
      />
    </Group>
  );
}
