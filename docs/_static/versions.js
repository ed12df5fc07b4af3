// Fills the version switch from versions.json beside the versions' folders: [{"name": "0.6.0", "path": "0.6.0/"}, ...].
// Where there is no such file, or nothing to choose from, the switch stays hidden.
(async () => {
  const box = document.getElementById("versions");
  if (!box) return;
  const home = new URL(box.dataset.home, window.location.href);
  const top = new URL("../", home);
  let versions;
  try {
    versions = await (await fetch(new URL("versions.json", top))).json();
  } catch {
    return;
  }
  if (versions.length < 2) return;
  const choice = box.querySelector("select");
  for (const { name, path } of versions) {
    const there = new URL(path, top).href;
    choice.add(new Option(name, there, false, there === home.href));
  }
  choice.addEventListener("change", () => (window.location.href = choice.value));
  box.hidden = false;
})();
