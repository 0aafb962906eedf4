#!/bin/sh
# Makes fixtures/media from ffmpeg's own test sources: no third-party footage, nothing to license.
#
#   sh scripts/make-media.sh [OUTPUT_DIRECTORY]
#
# The flags below remove what differs from run to run (encoder tags, creation time, thread order), so
# the same ffmpeg and x264 give the same bytes. Another version gives an equivalent clip with other
# SHA-256 sums: update fixtures/media/README.md when you commit it.
set -eu

out=${1:-"$(dirname "$0")/../fixtures/media"}
seconds=6
segment_seconds=2
frames_per_second=24
frames_per_segment=$((segment_seconds * frames_per_second))

mkdir -p "$out/hls/segments"
rm -f "$out/sample.mp4" "$out/cover.jpg" "$out"/hls/*.m3u8 "$out"/hls/segments/*

# testsrc2 draws its own running clock and frame number; the tone makes a wrong audio track audible.
# A key frame at every segment boundary lets the HLS rendition cut without encoding again.
ffmpeg -nostdin -hide_banner -loglevel error -y \
  -f lavfi -i "testsrc2=size=320x180:rate=$frames_per_second:duration=$seconds" \
  -f lavfi -i "sine=frequency=440:sample_rate=44100:duration=$seconds" \
  -map 0:v -map 1:a \
  -c:v libx264 -preset veryslow -profile:v main -pix_fmt yuv420p -crf 34 -threads 1 \
  -g "$frames_per_segment" -keyint_min "$frames_per_segment" -sc_threshold 0 \
  -c:a aac -b:a 32k -ac 1 \
  -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1 \
  -movflags +faststart \
  "$out/sample.mp4"

ffmpeg -nostdin -hide_banner -loglevel error -y \
  -ss 3 -i "$out/sample.mp4" -frames:v 1 -q:v 6 -fflags +bitexact -flags:v +bitexact \
  "$out/cover.jpg"

# Segments live in a folder below the manifests: an uploader must keep the relative path.
(
  cd "$out/hls"
  ffmpeg -nostdin -hide_banner -loglevel error -y \
    -i ../sample.mp4 -map 0 -c copy -fflags +bitexact \
    -f hls -hls_time "$segment_seconds" -hls_playlist_type vod -hls_list_size 0 \
    -hls_segment_filename "segments/%03d.ts" -hls_base_url segments/ \
    -master_pl_name master.m3u8 180p.m3u8
)
