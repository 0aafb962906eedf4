// How a program is led to this emulator.
import { useState } from "./vendor/preact-hooks.js";
import { Code, Copy, html } from "./elements.js";
import { askSecret, useStore } from "./store.js";
import { t } from "./texts.js";

const HIDDEN = "••••••••";
const origin = () => location.origin;

const variables = (id, key) => [
  ["VODUP_VOD_ENDPOINT", origin()],
  ["VODUP_COS_ENDPOINT", origin()],
  ["TENCENTCLOUD_SECRET_ID", id],
  ["TENCENTCLOUD_SECRET_KEY", key],
];

const FORMS = {
  shell: (id, key) =>
    variables(id, key)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n"),
  Node: (id, key) => `import { VodClient } from "vodup";

const vod = new VodClient({
  credentials: { secretId: "${id}", secretKey: "${key}" },
  vodEndpoint: "${origin()}",
  cosEndpoint: "${origin()}",
});
const { fileId } = await vod.upload("video.mp4");
await vod.close();`,
  Python: (id, key) => `import os, subprocess

env = os.environ | {
${variables(id, key)
  .map(([name, value]) => `    "${name}": "${value}",`)
  .join("\n")}
}
file_id = subprocess.run(["vodup", "upload", "video.mp4"], env=env, check=True, capture_output=True, text=True).stdout.strip()`,
  Go: (id, key) => `cmd := exec.Command("vodup", "upload", "video.mp4")
cmd.Env = append(os.Environ(),
${variables(id, key)
  .map(([name, value]) => `\t"${name}=${value}",`)
  .join("\n")}
)
fileID, err := cmd.Output()`,
  Docker: (id, key) => `docker run --network host \\
${variables(id, key)
  .map(([name, value]) => `  -e ${name}='${value}' \\`)
  .join("\n")}
  IMAGE`,
};

export function Environment() {
  const { secretId } = useStore();
  const [form, setForm] = useState("shell");
  const [secret, setSecret] = useState(undefined);
  const toggle = async () => setSecret(secret === undefined ? await askSecret() : undefined);
  return html`<div class="box wide">
    <h2>${t("environment")}</h2>
    <div class="choices" role="group" aria-label=${t("environment")}>
      ${Object.keys(FORMS).map((name) => html`<button type="button" class="quiet" aria-pressed=${name === form} onClick=${() => setForm(name)}>${name}</button>`)}
    </div>
    <div class="code">
      <pre tabindex="0" role="region" aria-label=${t("environment")}>${FORMS[form](secretId, secret ?? HIDDEN)}</pre>
      <${Copy} label=${t("environment")} text=${async () => FORMS[form](secretId, secret ?? (await askSecret()))} />
    </div>
    <p class="note">
      <button type="button" class="quiet" onClick=${toggle}>${t(secret === undefined ? "reveal" : "hide")}</button>
      ${t("environmentNote")}
    </p>
  </div>`;
}

/** What an empty emulator shows. */
export function FirstUpload() {
  return html`<section class="view first">
    <h1>${t("firstTitle")}</h1>
    <p>${t("firstLead")}</p>
    <${Environment} />
    <${Code} label="vodup upload" text="npx vodup upload video.mp4" />
    <p class="note">${t("firstThen")}</p>
  </section>`;
}
