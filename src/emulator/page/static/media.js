// Committed media: fields, cover, and a player of the stored bytes.
import { useEffect, useRef, useState } from "./vendor/preact-hooks.js";
import { html, Pairs } from "./elements.js";
import { localPath } from "./format.js";
import { go, useRoute } from "./route.js";
import { useStore } from "./store.js";
import { t } from "./texts.js";

const HLS = "application/vnd.apple.mpegurl";
const nameOf = (media) => media.fields.MediaName ?? media.fileId;
const typeOf = ({ key }) => key.slice(key.lastIndexOf(".") + 1).toLowerCase();

export function Media() {
  const { media } = useStore();
  const { rest } = useRoute();
  const opened = media.find(({ fileId }) => fileId === rest[0]);
  return html`<section class="view">
    <h1 class="unseen">${t("media")}</h1>
    ${opened && html`<${Opened} key=${opened.fileId} media=${opened} />`}
    ${media.length === 0 && html`<p class="empty">${t("emptyMedia")}</p>`}
    <ul class="cards">
      ${media.toReversed().map(
        (one) =>
          html`<li key=${one.fileId}>
            <button
              type="button"
              class="card"
              aria-pressed=${one === opened}
              onClick=${() => go(["media", one.fileId])}
              title=${t("play", nameOf(one))}
            >
              <${Cover} media=${one} />
              <span class="card-name">${nameOf(one)}</span>
              <span class="mono">${one.fileId}</span>
            </button>
          </li>`,
      )}
    </ul>
  </section>`;
}

function Cover({ media }) {
  const path = localPath(media.coverUrl);
  return path === undefined
    ? html`<span class="no-cover">${typeOf(media)}</span>`
    : html`<img class="cover" src=${path} alt="" loading="lazy" />`;
}

function Opened({ media }) {
  return html`<article class="opened-media">
    <${Player} media=${media} />
    <div>
      <header>
        <h2>${nameOf(media)}</h2>
        <button type="button" class="quiet push" aria-label=${t("close")} onClick=${() => go(["media"])}>✕</button>
      </header>
      <${Pairs}
        of=${{
          FileId: media.fileId,
          MediaUrl: media.mediaUrl,
          CoverUrl: media.coverUrl || t("noCover"),
          SubAppId: media.subAppId,
          [t("region")]: media.storageRegion,
          [t("storagePath")]: `/${media.key}`,
          ...(media.procedureTaskId === "" ? {} : { [t("task")]: media.procedureTaskId }),
        }}
      />
      <details>
        <summary>${t("fields")}</summary>
        <${Pairs}
          of=${Object.fromEntries(Object.entries(media.fields).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]))}
        />
      </details>
    </div>
  </article>`;
}

function Player({ media }) {
  const video = useRef(null);
  const [note, setNote] = useState(undefined);
  const path = localPath(media.mediaUrl);
  const type = typeOf(media);
  useEffect(() => {
    const element = video.current;
    const failed = () => setNote(t("cannotPlay", element.error?.message || type));
    if (type !== "m3u8" || element.canPlayType(HLS) !== "") {
      element.src = path;
      element.addEventListener("error", failed);
      return () => element.removeEventListener("error", failed);
    }
    let player;
    let left = false;
    setNote(t("loadingPlayer"));
    // Loaded only where HLS is played in a browser without it.
    const play = async () => {
      const { default: Hls } = await import("./vendor/hls.js");
      if (left) return;
      setNote(undefined);
      // A worker would be made of a blob, which the page's policy forbids.
      player = new Hls({ enableWorker: false });
      player.on(Hls.Events.ERROR, (_name, { fatal, details }) => fatal && setNote(t("cannotPlay", details)));
      player.loadSource(path);
      player.attachMedia(element);
    };
    void play();
    return () => {
      left = true;
      player?.destroy();
    };
  }, [path]);
  return html`<div class="player">
    <video
      ref=${video}
      controls
      preload="metadata"
      poster=${localPath(media.coverUrl)}
      aria-label=${nameOf(media)}
    ></video>
    ${note && html`<p class="note" role="status">${note}</p>`}
  </div>`;
}
