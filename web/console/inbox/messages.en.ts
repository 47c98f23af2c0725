export default {
  title: "Notifications",
  lead: "What happened that concerns you. A title leads to what it is about.",
  what: "Notification",
  state: "State",
  states: { unread: "Unread", seen: "Seen" },
  types: { transactional: "Events", announcement: "Announcements" },
  allSeen: "Mark all as seen",
  remove: (title: string) => `Delete: ${title}`,
  empty: "No notifications match these filters.",
};
