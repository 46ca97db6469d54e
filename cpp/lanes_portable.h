// Sixteen lanes in plain C++: the definition that the other two lanes_*.h must agree with, bit for bit.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "layout.h"

namespace digitlab {
namespace {

struct F { float at[LANES]; };    // floats
struct I { int32_t at[LANES]; };  // integers, wrapping around
struct M { bool at[LANES]; };     // yes or no
struct D { double at[LANES]; };   // float64

#define EACH for (int i = 0; i < LANES; ++i)

inline F load(const float* p) { F r; std::memcpy(r.at, p, sizeof r.at); return r; }
inline I load(const int32_t* p) { I r; std::memcpy(r.at, p, sizeof r.at); return r; }
inline void store(float* p, F x) { std::memcpy(p, x.at, sizeof x.at); }
inline void store(int32_t* p, I x) { std::memcpy(p, x.at, sizeof x.at); }
inline F all(float x) { F r; EACH r.at[i] = x; return r; }
inline I all(int32_t x) { I r; EACH r.at[i] = x; return r; }
inline D all(double x) { D r; EACH r.at[i] = x; return r; }

inline F operator+(F a, F b) { F r; EACH r.at[i] = a.at[i] + b.at[i]; return r; }
inline F operator-(F a, F b) { F r; EACH r.at[i] = a.at[i] - b.at[i]; return r; }
inline F operator*(F a, F b) { F r; EACH r.at[i] = a.at[i] * b.at[i]; return r; }
inline F operator/(F a, F b) { F r; EACH r.at[i] = a.at[i] / b.at[i]; return r; }
inline F fma(F a, F b, F c) { F r; EACH r.at[i] = std::fma(a.at[i], b.at[i], c.at[i]); return r; }  // rounded once
inline F root(F a) { F r; EACH r.at[i] = std::sqrt(a.at[i]); return r; }
inline F larger(F a, F b) { F r; EACH r.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i]; return r; }   // b where either is NaN
inline F smaller(F a, F b) { F r; EACH r.at[i] = a.at[i] < b.at[i] ? a.at[i] : b.at[i]; return r; }  // likewise

inline uint32_t u(int32_t x) { return static_cast<uint32_t>(x); }
inline I operator+(I a, I b) { I r; EACH r.at[i] = static_cast<int32_t>(u(a.at[i]) + u(b.at[i])); return r; }
inline I operator-(I a, I b) { I r; EACH r.at[i] = static_cast<int32_t>(u(a.at[i]) - u(b.at[i])); return r; }
inline I operator^(I a, I b) { I r; EACH r.at[i] = a.at[i] ^ b.at[i]; return r; }
inline I operator&(I a, I b) { I r; EACH r.at[i] = a.at[i] & b.at[i]; return r; }
inline I operator|(I a, I b) { I r; EACH r.at[i] = a.at[i] | b.at[i]; return r; }
inline I up(I a, int by) { I r; EACH r.at[i] = static_cast<int32_t>(u(a.at[i]) << by); return r; }
inline I down(I a, int by) { I r; EACH r.at[i] = a.at[i] >> by; return r; }  // keeps the sign
inline I larger(I a, I b) { I r; EACH r.at[i] = a.at[i] > b.at[i] ? a.at[i] : b.at[i]; return r; }

inline I bits(F x) { I r; std::memcpy(r.at, x.at, sizeof r.at); return r; }
inline F from_bits(I x) { F r; std::memcpy(r.at, x.at, sizeof r.at); return r; }
inline F to_float(I x) { F r; EACH r.at[i] = static_cast<float>(x.at[i]); return r; }
// To the nearest integer, halves to even; what does not fit becomes the smallest integer, as on x86.
inline int32_t nearest(float x) { return x >= -2147483648.0f && x < 2147483648.0f ? static_cast<int32_t>(std::nearbyint(x)) : INT32_MIN; }
inline I to_int(F x) { I r; EACH r.at[i] = nearest(x.at[i]); return r; }

inline M greater(F a, F b) { M r; EACH r.at[i] = a.at[i] > b.at[i]; return r; }
inline F choose(M m, F a, F b) { F r; EACH r.at[i] = m.at[i] ? a.at[i] : b.at[i]; return r; }

inline D wide(F a) { D r; EACH r.at[i] = a.at[i]; return r; }
inline D wide(I a) { D r; EACH r.at[i] = a.at[i]; return r; }
// Of what was float32, or a whole number: the product is exact, so it is the same rounded once or twice.
inline D fma(D a, D b, D c) { D r; EACH r.at[i] = a.at[i] * b.at[i] + c.at[i]; return r; }
inline void store(double* p, D x) { std::memcpy(p, x.at, sizeof x.at); }

#undef EACH

// Sixteen vectors as a square matrix, transposed.
inline void turn_square(I x[LANES]) {
    for (int i = 0; i < LANES; ++i)
        for (int j = 0; j < i; ++j) std::swap(x[i].at[j], x[j].at[i]);
}

}  // namespace
}  // namespace digitlab
