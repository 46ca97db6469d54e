// Sixteen lanes in one register of AVX-512. The meaning of each function is in lanes_portable.h.
#pragma once

#include <immintrin.h>

#include "layout.h"

namespace digitlab {
namespace {

struct F { __m512 v; };
struct I { __m512i v; };
struct M { __mmask16 v; };
struct D { __m512d a, b; };

inline F load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline I load(const int32_t* p) { return {_mm512_loadu_si512(p)}; }
inline void store(float* p, F x) { _mm512_storeu_ps(p, x.v); }
inline void store(int32_t* p, I x) { _mm512_storeu_si512(p, x.v); }
inline F all(float x) { return {_mm512_set1_ps(x)}; }
inline I all(int32_t x) { return {_mm512_set1_epi32(x)}; }
inline D all(double x) { return {_mm512_set1_pd(x), _mm512_set1_pd(x)}; }

inline F operator+(F a, F b) { return {_mm512_add_ps(a.v, b.v)}; }
inline F operator-(F a, F b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline F operator*(F a, F b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline F operator/(F a, F b) { return {_mm512_div_ps(a.v, b.v)}; }
inline F fma(F a, F b, F c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline F root(F a) { return {_mm512_sqrt_ps(a.v)}; }
inline F larger(F a, F b) { return {_mm512_max_ps(a.v, b.v)}; }
inline F smaller(F a, F b) { return {_mm512_min_ps(a.v, b.v)}; }

inline I operator+(I a, I b) { return {_mm512_add_epi32(a.v, b.v)}; }
inline I operator-(I a, I b) { return {_mm512_sub_epi32(a.v, b.v)}; }
inline I operator^(I a, I b) { return {_mm512_xor_si512(a.v, b.v)}; }
inline I operator&(I a, I b) { return {_mm512_and_si512(a.v, b.v)}; }
inline I operator|(I a, I b) { return {_mm512_or_si512(a.v, b.v)}; }
inline I up(I a, int by) { return {_mm512_slli_epi32(a.v, static_cast<unsigned>(by))}; }
inline I down(I a, int by) { return {_mm512_srai_epi32(a.v, static_cast<unsigned>(by))}; }
inline I larger(I a, I b) { return {_mm512_max_epi32(a.v, b.v)}; }

inline I bits(F x) { return {_mm512_castps_si512(x.v)}; }
inline F from_bits(I x) { return {_mm512_castsi512_ps(x.v)}; }
inline F to_float(I x) { return {_mm512_cvtepi32_ps(x.v)}; }
inline I to_int(F x) { return {_mm512_cvtps_epi32(x.v)}; }

inline M greater(F a, F b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
inline F choose(M m, F a, F b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }

inline D wide(F x) {
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))};
}
inline D wide(I x) {
    return {_mm512_cvtepi32_pd(_mm512_castsi512_si256(x.v)), _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(x.v, 1))};
}
inline D fma(D x, D y, D z) { return {_mm512_fmadd_pd(x.a, y.a, z.a), _mm512_fmadd_pd(x.b, y.b, z.b)}; }
inline void store(double* p, D x) { _mm512_storeu_pd(p, x.a), _mm512_storeu_pd(p + 8, x.b); }

// 4 x 4 integers in each lane.
inline void turn_within_lanes(__m512i x[4]) {
    const __m512i a = _mm512_unpacklo_epi32(x[0], x[1]), b = _mm512_unpackhi_epi32(x[0], x[1]);
    const __m512i c = _mm512_unpacklo_epi32(x[2], x[3]), d = _mm512_unpackhi_epi32(x[2], x[3]);
    x[0] = _mm512_unpacklo_epi64(a, c), x[1] = _mm512_unpackhi_epi64(a, c);
    x[2] = _mm512_unpacklo_epi64(b, d), x[3] = _mm512_unpackhi_epi64(b, d);
}

// Four vectors of 4 lanes: lane l of vector q goes to lane q of vector l.
inline void turn_lanes(__m512i& x0, __m512i& x1, __m512i& x2, __m512i& x3) {
    const __m512i a = _mm512_shuffle_i32x4(x0, x1, 0x44), b = _mm512_shuffle_i32x4(x2, x3, 0x44);
    const __m512i c = _mm512_shuffle_i32x4(x0, x1, 0xee), d = _mm512_shuffle_i32x4(x2, x3, 0xee);
    x0 = _mm512_shuffle_i32x4(a, b, 0x88), x1 = _mm512_shuffle_i32x4(a, b, 0xdd);
    x2 = _mm512_shuffle_i32x4(c, d, 0x88), x3 = _mm512_shuffle_i32x4(c, d, 0xdd);
}

inline void turn_square(I x[LANES]) {
    for (int i = 0; i < LANES; i += 4) turn_within_lanes(&x[i].v);
    for (int i = 0; i < 4; ++i) turn_lanes(x[i].v, x[i + 4].v, x[i + 8].v, x[i + 12].v);
}

}  // namespace
}  // namespace digitlab
