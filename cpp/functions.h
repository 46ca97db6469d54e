// exp, log, the activations and their derivatives, for a vector of floats, with the same bits on every path.
//
// Each polynomial was fitted at Chebyshev points; relative errors are below 1.2e-7 (tests/engines/test_native_gradient.py sees larger ones).
#pragma once

#include "lanes.h"
#include "names.h"

namespace digitlab {
namespace {

struct Exp { F value, lost; };  // lost: what the last rounding took away

// e^x for x from -86 to 88 (beyond, that of the nearer end): 2^n e^r with |r| <= ln(2)/2.
DIGITLAB_INLINE Exp exact_exp(F x) {
    x = smaller(all(88.0f), larger(all(-86.0f), x));
    const F magic = all(12582912.0f);  // 1.5 * 2^23: what is added to it loses its fraction
    const F shifted = x * all(1.4426950216293335f) + magic, steps = shifted - magic;  // x / ln 2
    F r = fma(steps, all(-0.693145751953125f), x);  // ln 2 in two parts: the first has few bits, so this is exact
    r = fma(steps, all(-1.428606765330187e-06f), r);
    F p = all(0.0013933733571320772f);
    p = fma(p, r, all(0.008363235741853714f));
    p = fma(p, r, all(0.041666463017463684f));
    p = fma(p, r, all(0.16666576266288757f));
    p = fma(p, r, all(0.5f));
    p = fma(p * r, r, r);
    const F one_more = p + all(1.0f);
    const F power = from_bits((bits(shifted) - bits(magic) + all(int32_t{127})) << 23);
    return {one_more * power, (p - (one_more - all(1.0f))) * power};
}

DIGITLAB_INLINE F exp(F x) { return exact_exp(x).value; }

// ln x for a normal x >= 1: the exponent, and 2 artanh((m - 1) / (m + 1)) of the mantissa m from 0.7 to 1.4.
DIGITLAB_INLINE F log(F x) {
    const I raised = bits(x) - all(int32_t{0x3f3504f3});  // so that the exponent counts from sqrt(1/2)
    const F exponent = __builtin_convertvector(raised >> 23, F);
    const F m = from_bits((raised & all(int32_t{0x007fffff})) + all(int32_t{0x3f3504f3}));
    const F s = (m - all(1.0f)) / (m + all(1.0f));
    const F q = s * s;
    F p = all(2.0f / 9);
    p = fma(p, q, all(2.0f / 7));
    p = fma(p, q, all(2.0f / 5));
    p = fma(p, q, all(2.0f / 3));
    return fma(exponent, all(0.693147182464599609f), fma(p * q, s, s + s));
}

// 1 / (1 + e^-|z|), and from it e^-|z| / (1 + e^-|z|) for z below 0. What 1 + e loses in rounding is made good, as units that
// hardly move would err in the same direction for all samples.
DIGITLAB_INLINE F sigmoid(F z) {
    const auto [e, e_lost] = exact_exp(all(0.0f) - size_of(z));
    const F one = all(1.0f), sum = one + e, lost = e - (sum - one) + e_lost;
    F share = one / sum;
    share = fma(share, fma(all(0.0f) - share, sum, one) - share * lost, share);  // a step of Newton's
    const F a = z < all(0.0f) ? share * e : share;
    return z < all(-88.0f) ? all(0.0f) : a;  // 0 where e^-z is beyond the finite numbers
}

DIGITLAB_INLINE F tanh(F z) {
    const F size = size_of(z), e = exp(size * all(-2.0f));
    const F far = (all(1.0f) - e) / (all(1.0f) + e);
    const F q = z * z;
    F p = all(-0.006104948464781046f);
    p = fma(p, q, all(0.021003641188144684f));
    p = fma(p, q, all(-0.05385249853134155f));
    p = fma(p, q, all(0.13332782685756683f));
    p = fma(p, q, all(-0.333333283662796f));
    const F near = fma(p * q, z, z);
    const F sign = from_bits(bits(z) & all(INT32_MIN));
    return size > all(0.625f) ? from_bits(bits(far) ^ bits(sign)) : near;
}

DIGITLAB_INLINE F within_10(F z) { return smaller(all(10.0f), larger(all(-10.0f), z)); }

// 1/2 (1 + tanh(u)) is sigmoid(2u), which keeps its digits where tanh is near -1. This is 2u; z within -10 .. 10.
DIGITLAB_INLINE F gelu_inner(F z) {
    const F cubic = fma(all(0.044715f) * z, z * z, z);
    return fma(cubic, all(1.5957691669464111f), cubic * all(-4.5341e-8f));  // sqrt(8/pi) in two parts
}

template <Activation::Kind kind>
DIGITLAB_INLINE F activation(F z) {
    if constexpr (kind == Activation::sigmoid) return sigmoid(z);
    else if constexpr (kind == Activation::tanh) return tanh(z);
    else if constexpr (kind == Activation::relu) return larger(all(0.0f), z);  // in this order a NaN stays one
    else if constexpr (kind == Activation::leaky_relu) return larger(z, all(0.01f) * z);
    else {
        static_assert(kind == Activation::gelu);
        return z * sigmoid(gelu_inner(within_10(z)));
    }
}

template <Activation::Kind kind>
DIGITLAB_INLINE F derivative(F z, F a) {
    if constexpr (kind == Activation::sigmoid) return a * (all(1.0f) - a);
    else if constexpr (kind == Activation::tanh) {  // 1 - a^2 without its cancellation near 1
        const F size = size_of(z), e = exp(size * all(-2.0f)), rest = all(1.0f) + e;
        return size < all(43.0f) ? all(4.0f) * e / (rest * rest) : all(0.0f);  // exp ends at -86
    } else if constexpr (kind == Activation::relu) return a > all(0.0f) ? all(1.0f) : all(0.0f);
    else if constexpr (kind == Activation::leaky_relu) return a > all(0.0f) ? all(1.0f) : all(0.01f);
    else {
        static_assert(kind == Activation::gelu);
        const F c = within_10(z), v = gelu_inner(c);  // s + c s (1 - s) v', and s (1 - s) without cancellation
        const F e = exp(all(0.0f) - size_of(v)), rest = all(1.0f) + e;
        const F inner = all(1.5957691216f) * fma(all(0.134145f) * c, c, all(1.0f));
        return fma(c * inner, e / (rest * rest), sigmoid(v));
    }
}

}  // namespace
}  // namespace digitlab
