;; CRC-64/XZ: ECMA-182 polynomial, reflected, initial value and final XOR all ones. It is the CRC of COS's
;; x-cos-hash-crc64ecma header. scripts/build-crc64.mjs turns this file and the two folds into crc64-wasm.ts.
;;
;; Long inputs are not looked up byte by byte but folded. With P the CRC's polynomial and X = x^64 (one 8-byte word),
;;
;;   Q(x) = x^524 + x^402 + x^389 + x^383 + x^320 + x^265 + x^144 + x^31 + x^6 + 1
;;
;; is a multiple of P (found by search; P itself has 34 terms, and a multiple with fewer than 10 is not to be expected
;; at so low a degree), and in GF(2) Q(X) = Q(x)^64 is one as well. So a word may be struck from the message and XORed into the
;; nine words that follow it at the distances 524 - e, for each lower exponent e, without changing the remainder: nine
;; loads and XORs replace eight table look-ups with their shifts and masks. Written as a gather, that is
;;
;;   folded[i] = message[i] XOR folded[i - d] for each distance d
;;
;; The input is only read, never changed. Its last 524 words cannot be struck and go through tables ("slicing by 8").
;;
;; There are two modules: one folds 16 bytes at a time (v128), the other 8, for x86-64 processors without SSE4.1, as some
;; virtual machines present them, on which the first does not compile. crc64-module.ts takes what the machine can do.
(module
  ;; Owned by the host, never grown. The first 64 KiB belong to this module:
  ;;      0  eight tables of 256 i64
  ;;  16384  window: 524 folded words (4192 bytes) before the current position, then room for 16384 + 4192 bytes more
  ;;  41152  tail: the last 524 words, all contributions of the folded words added
  (import "host" "memory" (memory 1))

  (global $polynomial i64 (i64.const 0xC96C5795D7870F42))

  ;; Table 0 advances the state by one byte; table k by one byte and k zero bytes.
  (func $makeTables
    (local $byte i32) (local $bit i32) (local $entry i32) (local $value i64)
    (loop $bytes
      (local.set $value (i64.extend_i32_u (local.get $byte)))
      (local.set $bit (i32.const 8))
      (loop $bits
        (local.set $value
          (i64.xor
            (i64.shr_u (local.get $value) (i64.const 1))
            (i64.and (global.get $polynomial) (i64.sub (i64.const 0) (i64.and (local.get $value) (i64.const 1))))))
        (br_if $bits (local.tee $bit (i32.sub (local.get $bit) (i32.const 1)))))
      (i64.store (i32.shl (local.get $byte) (i32.const 3)) (local.get $value))
      (br_if $bytes (i32.lt_u (local.tee $byte (i32.add (local.get $byte) (i32.const 1))) (i32.const 256))))
    (loop $entries
      (local.set $value (i64.load (local.get $entry)))
      (i64.store offset=2048 (local.get $entry)
        (i64.xor
          (i64.shr_u (local.get $value) (i64.const 8))
          (i64.load (i32.shl (i32.and (i32.wrap_i64 (local.get $value)) (i32.const 0xFF)) (i32.const 3)))))
      (br_if $entries (i32.lt_u (local.tee $entry (i32.add (local.get $entry) (i32.const 8))) (i32.const 14336)))))
  (start $makeTables)

  ;; Runs the bytes through the tables, eight at a time. $state is the CRC before its final XOR. Shifting by 3 less than
  ;; a whole byte leaves each byte times 8: its offset in a table.
  (func $slice (param $at i32) (param $length i32) (param $state i64) (result i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const -8))))
    (block $wordsDone
      (loop $words
        (br_if $wordsDone (i32.eq (local.get $at) (local.get $end)))
        (local.set $state (i64.xor (local.get $state) (i64.load (local.get $at))))
        (local.set $state
          (i64.xor
            (i64.xor
              (i64.xor
                (i64.load offset=14336 (i32.and (i32.wrap_i64 (i64.shl (local.get $state) (i64.const 3))) (i32.const 0x7F8)))
                (i64.load offset=12288 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 5))) (i32.const 0x7F8))))
              (i64.xor
                (i64.load offset=10240 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 13))) (i32.const 0x7F8)))
                (i64.load offset=8192 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 21))) (i32.const 0x7F8)))))
            (i64.xor
              (i64.xor
                (i64.load offset=6144 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 29))) (i32.const 0x7F8)))
                (i64.load offset=4096 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 37))) (i32.const 0x7F8))))
              (i64.xor
                (i64.load offset=2048 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 45))) (i32.const 0x7F8)))
                (i64.load (i32.and (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 53))) (i32.const 0x7F8)))))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $words)))
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const 7))))
    (block $bytesDone
      (loop $bytes
        (br_if $bytesDone (i32.eq (local.get $at) (local.get $end)))
        (local.set $state
          (i64.xor
            (i64.shr_u (local.get $state) (i64.const 8))
            (i64.load
              (i32.shl
                (i32.and
                  (i32.xor (i32.wrap_i64 (local.get $state)) (i32.load8_u (local.get $at)))
                  (i32.const 0xFF))
                (i32.const 3)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes)))
    (local.get $state))

  ;; (func $fold) of crc64-fold.wat or crc64-fold-simd.wat comes here.

  ;; The CRC of bytes already counted in $crc followed by the $length bytes at $at.
  (func (export "crc64") (param $at i32) (param $length i32) (param $crc i64) (result i64)
    (local $state i64) (local $left i32) (local $block i32)
    (local.set $state (i64.xor (local.get $crc) (i64.const -1)))
    ;; Below two windows, folding costs more than it saves.
    (if (i32.ge_u (local.get $length) (i32.const 8384))
      (then
        (memory.fill (i32.const 16384) (i32.const 0) (i32.const 4192))
        ;; The state belongs to the first word; 524 words ahead of it, only the farthest distance picks it up.
        (i64.store (i32.const 16384) (local.get $state))
        (local.set $left (i32.and (i32.sub (local.get $length) (i32.const 4192)) (i32.const -32)))
        (local.set $length (i32.sub (local.get $length) (local.get $left)))
        (loop $blocks
          (local.set $block
            (select (local.get $left) (i32.const 16384) (i32.lt_u (local.get $left) (i32.const 16384))))
          (call $fold (local.get $at) (i32.const 16384) (i32.const 20576) (local.get $block))
          (memory.copy (i32.const 16384) (i32.add (i32.const 16384) (local.get $block)) (i32.const 4192))
          (local.set $at (i32.add (local.get $at) (local.get $block)))
          (br_if $blocks (local.tee $left (i32.sub (local.get $left) (local.get $block)))))
        ;; The tail receives from folded words only, so it is kept out of its own window.
        (memory.fill (i32.const 20576) (i32.const 0) (i32.const 4192))
        (call $fold (local.get $at) (i32.const 16384) (i32.const 41152) (i32.const 4192))
        (local.set $state (call $slice (i32.const 41152) (i32.const 4192) (i64.const 0)))
        (local.set $at (i32.add (local.get $at) (i32.const 4192)))
        (local.set $length (i32.sub (local.get $length) (i32.const 4192)))))
    (i64.xor (call $slice (local.get $at) (local.get $length) (local.get $state)) (i64.const -1)))

  ;; Product in GF(2)[x] modulo P; bit 63 is the coefficient of x^0.
  (func $multiply (param $a i64) (param $b i64) (result i64)
    (local $product i64)
    (block $done
      (loop $bits
        (br_if $done (i64.eqz (local.get $a)))
        (local.set $product
          (i64.xor (local.get $product) (i64.and (local.get $b) (i64.shr_s (local.get $a) (i64.const 63)))))
        (local.set $a (i64.shl (local.get $a) (i64.const 1)))
        (local.set $b
          (i64.xor
            (i64.shr_u (local.get $b) (i64.const 1))
            (i64.and (global.get $polynomial) (i64.sub (i64.const 0) (i64.and (local.get $b) (i64.const 1))))))
        (br $bits)))
    (local.get $product))

  ;; The CRC of a followed by b, from their CRCs and the byte length of b: a * x^(8 * length) + b, where the initial
  ;; values and the final XORs cancel out.
  (func (export "combine") (param $a i64) (param $b i64) (param $length i64) (result i64)
    (local $power i64)
    ;; x^8, squared for each bit of the length.
    (local.set $power (i64.const 0x0080000000000000))
    (block $done
      (loop $bits
        (br_if $done (i64.eqz (local.get $length)))
        (if (i32.wrap_i64 (i64.and (local.get $length) (i64.const 1)))
          (then (local.set $a (call $multiply (local.get $power) (local.get $a)))))
        (local.set $power (call $multiply (local.get $power) (local.get $power)))
        (local.set $length (i64.shr_u (local.get $length) (i64.const 1)))
        (br $bits)))
    (i64.xor (local.get $a) (local.get $b))))
