package wire

import "hash/crc64"

// The standard library's ECMA table with its inverted start and end is CRC-64/XZ (wire §8.1).
var xz = crc64.MakeTable(crc64.ECMA)

// CRC64 is the checksum of bytes. COS writes it in decimal: compare texts, it exceeds 2^53.
func CRC64(data []byte) uint64 { return crc64.Checksum(data, xz) }

// multiply gives the product of two polynomials in the field of the CRC; the highest bit is the lowest power.
func multiply(a, b uint64) (product uint64) {
	for ; b != 0; b <<= 1 {
		if b>>63 == 1 {
			product ^= a
		}
		carry := a & 1
		a >>= 1
		if carry == 1 {
			a ^= crc64.ECMA
		}
	}
	return product
}

// CombineCRC64 gives the checksum of A followed by B from theirs, so nothing is read twice (wire §8.2).
func CombineCRC64(a, b, lengthOfB uint64) uint64 {
	power, factor := uint64(1)<<62, uint64(1)<<63
	// A bit of the length for each square; three more, because it counts bytes.
	for i := 0; i < 3; i++ {
		power = multiply(power, power)
	}
	for ; lengthOfB != 0; lengthOfB >>= 1 {
		if lengthOfB&1 == 1 {
			factor = multiply(factor, power)
		}
		power = multiply(power, power)
	}
	return multiply(a, factor) ^ b
}
