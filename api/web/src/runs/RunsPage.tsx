// SPDX-License-Identifier: GPL-3.0-or-later
// What has run? All runs, newest first, filtered, and fresh while one looks.
import {
  Anchor,
  Code,
  Group,
  type MantineBreakpoint,
  Paper,
  ScrollArea,
  Table,
  Text,
} from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "react-router";
import { getJson, query } from "../api/client";
import { type Page as PageOf, type Run, STATES } from "../api/types";
import type { Key } from "../i18n/en";
import { useLanguage, useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { ChoiceFilter } from "../shell/ChoiceFilter";
import { LinkButton } from "../shell/LinkButton";
import { useListState } from "../shell/list-state";
import { Empty, Loading, Page, Pager, Problem } from "../shell/Page";
import { SearchBox } from "../shell/SearchBox";
import { StatusBadge } from "../shell/StatusBadge";
import { tellDuration, tellTime, useNow } from "../shell/times";
import { ShareBar } from "./ShareBar";

const PAGE_SIZE = 50;
const REFRESH_MS = 4000;
/** Small screens show what tells most. */
const COLUMNS = [
  { name: "run" },
  { name: "status" },
  { name: "what" },
  { name: "hosts", from: "sm" },
  { name: "by", from: "md" },
  { name: "created", from: "sm" },
  { name: "took", from: "xs" },
] as const satisfies readonly { name: string; from?: MantineBreakpoint }[];
const KINDS = ["playbook", "command", "script", "install", "uninstall", "reported"] as const;

export function RunsPage() {
  const t = useText();
  const { may } = useVisitor();
  const list = useListState();
  const asked = {
    page: list.page,
    page_size: PAGE_SIZE,
    status: list.get("status"),
    kind: list.get("kind"),
    host: list.get("host"),
    search: list.get("search"),
  };
  const { data, error, refetch } = useQuery({
    queryKey: ["runs", asked],
    queryFn: ({ signal }) => getJson<PageOf<Run>>(`/runs${query(asked)}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const isFiltered = Boolean(asked.status || asked.kind || asked.search || asked.host);
  const launch = may("operator") && <LinkButton to="/launch">{t("runs.start")}</LinkButton>;
  return (
    <Page title={t("nav.runs")} actions={launch}>
      <Group gap="sm">
        <SearchBox
          label={t("runs.search")}
          value={asked.search}
          onSearch={(search) => list.set({ search })}
        />
        <ChoiceFilter
          label={t("runs.status")}
          values={STATES}
          name={(state) => t(`state.${state}`)}
          chosen={asked.status || null}
          onChoose={(status) => list.set({ status })}
        />
        <ChoiceFilter
          label={t("runs.kind")}
          values={KINDS}
          name={(kind) => t(`kind.${kind}`)}
          chosen={asked.kind || null}
          onChoose={(kind) => list.set({ kind })}
        />
      </Group>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && data.count === 0 && (
        <Empty title={t(isFiltered ? "list.no-match" : "runs.none")}>
          {!isFiltered && (
            <Text size="sm">
              {t("runs.none-help")} <Code>myx run playbooks/demo.yml</Code>
            </Text>
          )}
        </Empty>
      )}
      {data && data.count > 0 && (
        <>
          <RunsTable runs={data.results} />
          <Pager
            page={asked.page}
            pageSize={PAGE_SIZE}
            count={data.count}
            onPage={(page) => list.set({ page })}
          />
        </>
      )}
    </Page>
  );
}

export function RunsTable({ runs }: { runs: Run[] }) {
  const t = useText();
  const now = useNow(runs.some((run) => run.finished_at === null));
  return (
    <Paper withBorder>
      <ScrollArea>
        <Table highlightOnHover verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              {COLUMNS.map(({ name, ...shown }) => (
                <Table.Th key={name} visibleFrom={"from" in shown ? shown.from : undefined}>
                  {t(`runs.column-${name}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((run) => (
              <RunRow key={run.id} run={run} now={now} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
    </Paper>
  );
}

function RunRow({ run, now }: { run: Run; now: number }) {
  const { t, language } = useLanguage();
  const navigate = useNavigate();
  return (
    <Table.Tr style={{ cursor: "pointer" }} onClick={() => navigate(`/runs/${run.id}`)}>
      <Table.Td className="tabular">
        <Anchor
          component={Link}
          to={`/runs/${run.id}`}
          onClick={(event) => event.stopPropagation()}
        >
          {run.id}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <StatusBadge
          status={run.status}
          {...(run.paused_at && run.finished_at === null ? { label: t("state.paused") } : {})}
        />
      </Table.Td>
      <Table.Td maw={380} style={{ overflow: "hidden" }}>
        <Text size="sm" truncate title={run.name}>
          {run.name}
        </Text>
        <Text size="xs" c="dimmed">
          {[t(`kind.${run.kind}` as Key), run.limit, run.check && t("run.check")]
            .filter(Boolean)
            .join(" · ")}
        </Text>
      </Table.Td>
      <Table.Td miw={130} visibleFrom="sm">
        <Text size="xs" className="tabular">
          {run.hosts_total}
        </Text>
        <ShareBar counts={run.counts} label={t("runs.column-hosts")} size={6} />
      </Table.Td>
      <Table.Td visibleFrom="md">{run.created_by}</Table.Td>
      <Table.Td className="tabular" visibleFrom="sm">
        {tellTime(run.created_at, language)}
      </Table.Td>
      <Table.Td className="tabular" visibleFrom="xs">
        {tellDuration(run, now)}
      </Table.Td>
    </Table.Tr>
  );
}
