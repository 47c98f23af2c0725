"use strict";

// Show the routes whose name or path holds what was typed, and the rooms that have any.
document.getElementById("filter").addEventListener("input", (event) => {
  const words = event.target.value.trim().toLowerCase();
  for (const room of document.querySelectorAll(".read > nav details")) {
    let shown = 0;
    for (const link of room.querySelectorAll("a")) {
      link.hidden = !`${link.textContent} ${link.title}`.toLowerCase().includes(words);
      if (!link.hidden) shown += 1;
    }
    room.hidden = shown === 0;
    room.open = words !== "" && shown > 0;
  }
});
