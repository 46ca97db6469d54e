// Vectors of the path that is being compiled: LANES floats, half as many doubles. Each lane is computed by itself, in the same
// order on every path, so their number changes no bit.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

// Never a call of its own: vectors stay in registers.
#define DIGITLAB_INLINE [[gnu::always_inline]] inline

namespace digitlab {
namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16, REGISTERS = 32;
#elif defined(__AVX2__)
constexpr int LANES = 8, REGISTERS = 16;
#else
constexpr int LANES = 4, REGISTERS = 16;
#endif

typedef float F __attribute__((vector_size(4 * LANES)));    // floats
typedef int32_t I __attribute__((vector_size(4 * LANES)));  // whole numbers of the same size; and what comparisons give
typedef float H __attribute__((vector_size(2 * LANES)));    // half of the floats,
typedef double D __attribute__((vector_size(4 * LANES)));   // and the same as doubles

DIGITLAB_INLINE F load(const float* p) { F x; std::memcpy(&x, p, sizeof x); return x; }
DIGITLAB_INLINE D load(const double* p) { D x; std::memcpy(&x, p, sizeof x); return x; }
DIGITLAB_INLINE void store(float* p, F x) { std::memcpy(p, &x, sizeof x); }
DIGITLAB_INLINE void store(double* p, D x) { std::memcpy(p, &x, sizeof x); }
DIGITLAB_INLINE F all(float x) { return x - F{}; }
DIGITLAB_INLINE I all(int32_t x) { return x - I{}; }
DIGITLAB_INLINE D all(double x) { return x - D{}; }

// x y + z, rounded once. It is written wherever it is meant; the compiler may not fuse anything else.
#if defined(__AVX512F__)
DIGITLAB_INLINE F fma(F x, F y, F z) { return (F)_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z); }
DIGITLAB_INLINE D fma(D x, D y, D z) { return (D)_mm512_fmadd_pd((__m512d)x, (__m512d)y, (__m512d)z); }
DIGITLAB_INLINE F root(F x) { return (F)_mm512_sqrt_ps((__m512)x); }
DIGITLAB_INLINE D wide(H x) { return (D)_mm512_cvtps_pd((__m256)x); }
DIGITLAB_INLINE H narrow(D x) { return (H)_mm512_cvtpd_ps((__m512d)x); }
#elif defined(__AVX2__)
DIGITLAB_INLINE F fma(F x, F y, F z) { return (F)_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z); }
DIGITLAB_INLINE D fma(D x, D y, D z) { return (D)_mm256_fmadd_pd((__m256d)x, (__m256d)y, (__m256d)z); }
DIGITLAB_INLINE F root(F x) { return (F)_mm256_sqrt_ps((__m256)x); }
DIGITLAB_INLINE D wide(H x) { return (D)_mm256_cvtps_pd((__m128)x); }
DIGITLAB_INLINE H narrow(D x) { return (H)_mm256_cvtpd_ps((__m256d)x); }
#else
DIGITLAB_INLINE F fma(F x, F y, F z) { for (int i = 0; i < LANES; ++i) z[i] = std::fma(x[i], y[i], z[i]); return z; }
DIGITLAB_INLINE D fma(D x, D y, D z) { for (int i = 0; i < LANES / 2; ++i) z[i] = std::fma(x[i], y[i], z[i]); return z; }
DIGITLAB_INLINE F root(F x) { for (int i = 0; i < LANES; ++i) x[i] = std::sqrt(x[i]); return x; }
DIGITLAB_INLINE D wide(H x) { return __builtin_convertvector(x, D); }
DIGITLAB_INLINE H narrow(D x) { return __builtin_convertvector(x, H); }
#endif

struct Wide { D low, high; };  // the doubles of a whole F

DIGITLAB_INLINE D wide(const float* p) { H h; std::memcpy(&h, p, sizeof h); return wide(h); }
template <typename Vector>
DIGITLAB_INLINE Vector load_as(const float* p) {
    if constexpr (sizeof(Vector{}[0]) == sizeof(float)) return load(p);
    else return wide(p);
}
DIGITLAB_INLINE Wide wide(F x) { H h[2]; std::memcpy(h, &x, sizeof x); return {wide(h[0]), wide(h[1])}; }
DIGITLAB_INLINE F narrow(Wide x) { const H h[2] = {narrow(x.low), narrow(x.high)}; F y; std::memcpy(&y, h, sizeof y); return y; }

// Keeps a value in a register: GCC would rather load it anew for each use, and loads are what is scarce.
template <typename Vector>
DIGITLAB_INLINE void keep(Vector& x) {
#if defined(__x86_64__)
    asm("" : "+v"(x));
#else
    (void)x;
#endif
}

DIGITLAB_INLINE I bits(F x) { return (I)x; }
DIGITLAB_INLINE F from_bits(I x) { return (F)x; }
DIGITLAB_INLINE F larger(F x, F y) { return x > y ? x : y; }   // y where either is NaN
DIGITLAB_INLINE F smaller(F x, F y) { return x < y ? x : y; }  // likewise
DIGITLAB_INLINE F size_of(F x) { return from_bits(bits(x) & all(int32_t{0x7fffffff})); }

// The nearest whole number, halves to even.
DIGITLAB_INLINE F nearest(F x) {
    const F limit = all(8388608.0f);  // 2^23: from here on, all floats are whole
    const F shift = from_bits((bits(x) & all(INT32_MIN)) | bits(limit));
    return size_of(x) < limit ? (x + shift) - shift : x;
}

// Whether all lanes are finite, and so were all that `trouble` was told of by fma(x, 0, trouble).
DIGITLAB_INLINE bool fine(F trouble) {
    for (int i = 0; i < LANES; ++i)
        if (trouble[i] != 0) return false;  // NaN is not
    return true;
}

}  // namespace
}  // namespace digitlab
