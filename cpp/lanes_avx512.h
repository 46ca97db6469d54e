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
inline M equal(I a, I b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
inline F choose(M m, F a, F b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
inline I choose(M m, I a, I b) { return {_mm512_mask_blend_epi32(m.v, b.v, a.v)}; }

inline D wide(F x) {
    return {_mm512_cvtps_pd(_mm512_castps512_ps256(x.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1))};
}
inline D fma(D x, D y, D z) { return {_mm512_fmadd_pd(x.a, y.a, z.a), _mm512_fmadd_pd(x.b, y.b, z.b)}; }
inline void store(double* p, D x) { _mm512_storeu_pd(p, x.a), _mm512_storeu_pd(p + 8, x.b); }

inline __m512d join_half(__m256i c0, __m256i c1, __m256i c2, __m256i c3) {
    const __m512d base = _mm512_set1_pd(256.0);
    __m512d sum = _mm512_fmadd_pd(_mm512_cvtepi32_pd(c3), base, _mm512_cvtepi32_pd(c2));
    sum = _mm512_fmadd_pd(sum, base, _mm512_cvtepi32_pd(c1));
    return _mm512_fmadd_pd(sum, base, _mm512_cvtepi32_pd(c0));
}

inline void join(double* out, I c0, I c1, I c2, I c3) {
    auto low = [](I c) { return _mm512_castsi512_si256(c.v); };
    auto high = [](I c) { return _mm512_extracti64x4_epi64(c.v, 1); };
    _mm512_storeu_pd(out, join_half(low(c0), low(c1), low(c2), low(c3)));
    _mm512_storeu_pd(out + 8, join_half(high(c0), high(c1), high(c2), high(c3)));
}

inline __m512d join_half(__m256i low, __m256i high, double base) {
    return _mm512_fmadd_pd(_mm512_cvtepi32_pd(high), _mm512_set1_pd(base), _mm512_cvtepi32_pd(low));
}

inline void join(double* out, I low, I high, double base) {
    _mm512_storeu_pd(out, join_half(_mm512_castsi512_si256(low.v), _mm512_castsi512_si256(high.v), base));
    _mm512_storeu_pd(out + 8, join_half(_mm512_extracti64x4_epi64(low.v, 1), _mm512_extracti64x4_epi64(high.v, 1), base));
}

// First within lanes of 4, then the lanes.
inline void turn_square(I x[LANES]) {
    __m512i t[LANES];
    for (int i = 0; i < LANES; i += 4) {
        const __m512i a = _mm512_unpacklo_epi32(x[i].v, x[i + 1].v), b = _mm512_unpackhi_epi32(x[i].v, x[i + 1].v);
        const __m512i c = _mm512_unpacklo_epi32(x[i + 2].v, x[i + 3].v), d = _mm512_unpackhi_epi32(x[i + 2].v, x[i + 3].v);
        t[i] = _mm512_unpacklo_epi64(a, c), t[i + 1] = _mm512_unpackhi_epi64(a, c);
        t[i + 2] = _mm512_unpacklo_epi64(b, d), t[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    for (int i = 0; i < 4; ++i) {
        const __m512i a = _mm512_shuffle_i32x4(t[i], t[i + 4], 0x44), b = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0x44);
        const __m512i c = _mm512_shuffle_i32x4(t[i], t[i + 4], 0xee), d = _mm512_shuffle_i32x4(t[i + 8], t[i + 12], 0xee);
        x[i].v = _mm512_shuffle_i32x4(a, b, 0x88), x[i + 4].v = _mm512_shuffle_i32x4(a, b, 0xdd);
        x[i + 8].v = _mm512_shuffle_i32x4(c, d, 0x88), x[i + 12].v = _mm512_shuffle_i32x4(c, d, 0xdd);
    }
}

}  // namespace
}  // namespace digitlab
