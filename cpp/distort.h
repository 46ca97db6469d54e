// A picture distorted, in whole numbers throughout: float32 holds those below 2^24, so its sums are exact and have no order.
// src/digitlab/training/augment.py draws the numbers, and its `distort_plainly` defines what becomes of the pixels.
#pragma once

#include "kernels.h"
#include "lanes.h"
#include "random.h"

namespace digitlab {
namespace {

constexpr int ROW = 32;  // numbers from row to row: whole vectors

using Paper = uint8_t[SIDE + 4][ROW];      // a picture with paper around it: the pixel (0, 0) is [1][1]
using Fields = float[SIDE][2][ROW];        // two numbers for each pixel: of its row, and of its column
using Displacement = int32_t[SIDE][2][ROW];  // likewise, in 1/256 pixel

// 8 bytes of each word.
void random_bytes(uint8_t* out, uint64_t key, int words) {
    for (int i = 0; i < words; ++i) {
        const uint64_t bits = word(key, i);
        for (int b = 0; b < 8; ++b) *out++ = static_cast<uint8_t>(bits >> 8 * b);
    }
}

// Towards the darkest or the brightest of five pixels: a whole step where `part` is 256.
template <typename Extreme>
DIGITLAB_INLINE void thicken_by(Paper& paper, int part, Extreme extreme) {
    Paper before;
    std::memcpy(before, paper, sizeof paper);
    for (int row = 1; row <= SIDE; ++row)
        for (int column = 1; column <= SIDE; ++column) {
            const auto at = [&](int down, int right) -> int { return before[row + down][column + right]; };
            const int found = extreme(extreme(at(0, 0), extreme(at(-1, 0), at(1, 0))), extreme(at(0, -1), at(0, 1)));
            paper[row][column] = static_cast<uint8_t>(at(0, 0) + ((part * (found - at(0, 0)) + 128) >> 8));
        }
}

void thicken(Paper& paper, int amount) {
    for (int left = amount < 0 ? -amount : amount; left > 0; left -= 256) {
        const int part = std::min(left, 256);
        if (amount > 0) thicken_by(paper, part, [](int x, int y) { return x > y ? x : y; });
        else thicken_by(paper, part, [](int x, int y) { return x < y ? x : y; });
    }
}

// x y + z, where nothing is rounded; without an instruction for it, `fma` would take a hundred times as long.
DIGITLAB_INLINE F exact_fma(F x, F y, F z) {
#if defined(__FMA__) || defined(__aarch64__)
    return fma(x, y, z);
#else
    return x * y + z;
#endif
}

// out[m][n] = sum over 28 k of A[m][k] * B[k][n]; both products of the smoothing have whole tiles.
void exact_product(float* out, const float* A, const float* B, int rows, int columns) {
    constexpr int M = 4, V = 2;
    for (int row = 0; row < rows; row += M)
        for (int column = 0; column < columns; column += V * LANES) {
            F sum[M][V] = {};
            for (int k = 0; k < SIDE; ++k) {
                F b[V];
                for (int v = 0; v < V; ++v) b[v] = load(B + k * columns + column + v * LANES), keep(b[v]);
                for (int m = 0; m < M; ++m)
                    for (int v = 0; v < V; ++v) sum[m][v] = exact_fma(all(A[(row + m) * ROW + k]), b[v], sum[m][v]);
            }
            for (int m = 0; m < M; ++m)
                for (int v = 0; v < V; ++v) store(out + (row + m) * columns + column + v * LANES, sum[m][v]);
        }
}

// to = the nearest whole numbers to factor * from
void scale_to_whole(Fields& to, const Fields& from, float factor) {
    for (int i = 0; i < SIDE * 2 * ROW; i += LANES) store(&to[0][0][0] + i, nearest(load(&from[0][0][0] + i) * all(factor)));
}

// Random fields, smoothed along their columns, then along their rows. What lies beyond a row's 28 numbers is nobody's.
void displace(Displacement& out, const Distortion& how, uint64_t key) {
    constexpr int WORDS = 2 * PIXELS / 8;
    uint8_t bytes[WORDS * 8 + ROW];
    random_bytes(bytes, key, WORDS);
    std::memset(bytes + WORDS * 8, 0, ROW);
    alignas(64) Fields field, once;
    for (int row = 0; row < SIDE; ++row)
        for (int axis = 0; axis < 2; ++axis)
            for (int column = 0; column < ROW; ++column)
                field[row][axis][column] = static_cast<float>(2 * bytes[axis * PIXELS + row * SIDE + column] - 255);
    exact_product(&once[0][0][0], how.smoothing, &field[0][0][0], SIDE, 2 * ROW);
    scale_to_whole(once, once, 1 / 1024.0f);
    exact_product(&field[0][0][0], &once[0][0][0], how.smoothing, 2 * SIDE, ROW);
    scale_to_whole(field, field, how.strength);
    for (int i = 0; i < SIDE * 2 * ROW; ++i) (&out[0][0][0])[i] = static_cast<int32_t>((&field[0][0][0])[i]);
}

// Each pixel from where it comes from, between four pixels; what lies beyond the picture is paper.
void interpolate(uint8_t* out, const Paper& paper, const int32_t (&map)[2][3], const Displacement& displacement) {
    alignas(64) uint32_t corners[(SIDE + 2) * ROW];  // a pixel, the one right of it, and those below both
    const uint8_t* p = &paper[0][0];
    for (int i = 0; i < (SIDE + 2) * ROW; ++i)
        corners[i] = uint32_t{p[i]} | uint32_t{p[i + 1]} << 8 | uint32_t{p[i + ROW]} << 16 | uint32_t{p[i + ROW + 1]} << 24;
    const auto limited = [](int32_t x) { return std::min(std::max(x, -256), SIDE * 256) + 256; };
    for (int row = 0; row < SIDE; ++row, out += SIDE) {
        alignas(64) int32_t y[ROW], x[ROW];
        alignas(64) uint32_t four[ROW];
        for (int column = 0; column < ROW; ++column) {
            const auto from = [&](int axis) {
                const int32_t place = map[axis][0] * row + map[axis][1] * column + map[axis][2];
                return limited(((place + 128) >> 8) + displacement[row][axis][column]);
            };
            y[column] = from(0), x[column] = from(1);
        }
        for (int column = 0; column < ROW; ++column) four[column] = corners[(y[column] >> 8) * ROW + (x[column] >> 8)];
        for (int column = 0; column < SIDE; ++column) {
            const uint32_t down = y[column] & 255, right = x[column] & 255, f = four[column];
            const uint32_t above = (256 - right) * (f & 255) + right * (f >> 8 & 255);
            const uint32_t below = (256 - right) * (f >> 16 & 255) + right * (f >> 24);
            out[column] = static_cast<uint8_t>(((256 - down) * above + down * below + 32768) >> 16);
        }
    }
}

void add_noise(uint8_t* picture, int32_t strength, uint64_t key) {
    uint8_t bytes[PIXELS];
    random_bytes(bytes, key, PIXELS / 8);
    for (int i = 0; i < PIXELS; ++i) {
        const int32_t noisy = picture[i] + (((2 * bytes[i] - 255) * strength + 32768) >> 16);
        picture[i] = static_cast<uint8_t>(std::min(std::max(noisy, 0), 255));
    }
}

void distort(uint8_t* out, const uint8_t* in, const Drawn& drawn, const Distortion& how) {
    Paper paper = {};
    for (int row = 0; row < SIDE; ++row) std::memcpy(&paper[row + 1][1], in + row * SIDE, SIDE);
    thicken(paper, drawn.thickness);
    alignas(64) Displacement displacement;
    if (how.strength != 0) displace(displacement, how, drawn.field_key);
    else std::memset(displacement, 0, sizeof displacement);
    interpolate(out, paper, drawn.map, displacement);
    if (how.noise) add_noise(out, how.noise, drawn.noise_key);
    for (int row = drawn.top; row < drawn.top + drawn.side; ++row) std::memset(out + row * SIDE + drawn.left, 0, drawn.side);
}

}  // namespace
}  // namespace digitlab
