// SPDX-License-Identifier: GPL-3.0-or-later
// How is a list of the API shown? A page of rows, fresh while one looks, with words where it is empty.
import { type MantineBreakpoint, Paper, ScrollArea, Stack, Table } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getJson, type QueryValue, query } from "../api/client";
import type { Page as PageOf } from "../api/types";
import { useListState } from "./list-state";
import { Empty, Loading, Pager, Problem } from "./Page";

const PAGE_SIZE = 50;
const REFRESH_MS = 10_000;

export interface Column<T> {
  head: string;
  cell: (row: T, refresh: () => void) => React.ReactNode;
  visibleFrom?: MantineBreakpoint;
}

interface DataTableProps<T> {
  /** Path of the list below the API. */
  path: string;
  asked?: Record<string, QueryValue>;
  columns: Column<T>[];
  rowKey: (row: T) => string | number;
  empty: string;
  help?: React.ReactNode;
  /** Under which name the address holds its page, where another list is shown beside it. */
  pageName?: string;
}

export function DataTable<T>({
  path,
  asked = {},
  columns,
  rowKey,
  empty,
  help,
  pageName = "page",
}: DataTableProps<T>) {
  const list = useListState();
  const page = Math.max(1, Number(list.get(pageName)) || 1);
  const all = { ...asked, page, page_size: PAGE_SIZE };
  const { data, error, refetch } = useQuery({
    queryKey: [path, all],
    queryFn: ({ signal }) => getJson<PageOf<T>>(`${path}${query(all)}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const refresh = () => void refetch();
  if (error && !data) return <Problem error={error} onRetry={refresh} />;
  if (!data) return <Loading />;
  if (data.count === 0) return <Empty title={empty}>{help}</Empty>;
  return (
    <Stack gap="md">
      <Paper withBorder>
        <ScrollArea>
          <Table verticalSpacing="xs" highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                {columns.map((column, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns never move
                  <Table.Th key={index} visibleFrom={column.visibleFrom}>
                    {column.head}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.results.map((row) => (
                <Table.Tr key={rowKey(row)}>
                  {columns.map((column, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: as above
                    <Table.Td key={index} visibleFrom={column.visibleFrom}>
                      {column.cell(row, refresh)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      </Paper>
      <Pager
        page={page}
        pageSize={PAGE_SIZE}
        count={data.count}
        onPage={(chosen) => list.set({ page: list.get("page"), [pageName]: chosen })}
      />
    </Stack>
  );
}
