// SPDX-License-Identifier: GPL-3.0-or-later
// Which signs are there? A few strokes of our own, in the colour of the text beside them.

const PATHS = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-4H4zM14 8h6V4h-6z",
  runs: "M7 4l12 8-12 8z",
  hosts: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  launch: "M13 3L5 14h6l-1 7 8-11h-6z",
  schedules: "M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2",
  webhooks: "M9 15l6-6M10 6l1-1a5 5 0 017 7l-1 1M14 18l-1 1a5 5 0 01-7-7l1-1",
  people:
    "M9 11a3 3 0 100-6 3 3 0 000 6zM3 20c0-4 3-6 6-6s6 2 6 6M16 5a3 3 0 010 6M18 14c2 1 3 3 3 6",
  audit: "M7 3h8l4 4v14H7zM15 3v4h4M10 12h6M10 16h6",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 3v2M12 19v2M3 12h2M19 12h2M6 6l1 1M17 17l1 1M6 18l1-1M17 7l1-1",
  moon: "M20 14A8 8 0 1110 4a6 6 0 0010 10z",
  search: "M11 5a6 6 0 100 12 6 6 0 000-12zM20 20l-4.5-4.5",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  wrap: "M4 6h16M4 12h13a3 3 0 010 6h-4M15 15l-2 3 2 3M4 18h4",
  follow: "M12 4v14M6 12l6 6 6-6",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  failure: "M12 4l9 16H3zM12 10v4M12 17h.01",
  link: "M9 15l6-6M10 6l1-1a5 5 0 017 7l-1 1M14 18l-1 1a5 5 0 01-7-7l1-1",
  leave: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  add: "M12 5v14M5 12h14",
  more: "M5 11.1a.9.9 0 100 1.8.9.9 0 100-1.8zM12 11.1a.9.9 0 100 1.8.9.9 0 100-1.8zM19 11.1a.9.9 0 100 1.8.9.9 0 100-1.8z",
  groups: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  notifications: "M6 16V10a6 6 0 0112 0v6l2 2H4zM10 21h4",
  close: "M6 6l12 12M18 6L6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
