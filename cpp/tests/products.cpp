// The kernels that work on bytes: packing, turning, multiplying.
#include <cmath>

#include "check.h"

namespace digitlab::tests {
namespace {

const Kernels& portable() { return find_kernels("portable"); }

void test_product(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 60; ++round) {
        const int rows = chance.between(1, 4), columns = chance.between(1, 9);
        const int depth = round == 0 ? 131 : chance.between(1, 14);  // more than 64 are listed in parts
        const int C_row = columns + chance.below(3), A_row = depth + chance.below(2), B_column = depth + chance.below(2);
        const auto A = chance.bytes<int8_t>(static_cast<size_t>((rows - 1) * A_row + depth) * A_TILE);
        auto B = chance.bytes<uint8_t>(static_cast<size_t>((columns - 1) * B_column + depth) * B_TILE);
        Buffer<uint8_t> used(static_cast<size_t>((columns - 1) * B_column + depth));
        for (int c = 0; c < columns; ++c)
            for (int k = 0; k < depth; ++k)
                if (chance.once_in(3)) {
                    std::memset(&B[static_cast<size_t>(c * B_column + k) * B_TILE], 0, B_TILE);
                } else {
                    used[c * B_column + k] = 1;
                }
        Buffer<int32_t> expected(static_cast<size_t>((rows - 1) * C_row + columns) * C_TILE);
        for (size_t i = 0; i < expected.size(); ++i) expected[i] = chance.between(-1000000, 1000000);
        auto got = copy(expected);
        Product p{};
        p.A = A.data(), p.B = B.data(), p.rows = rows, p.columns = columns, p.depth = depth;
        p.C_row = C_row, p.A_row = A_row, p.B_column = B_column, p.add = chance.once_in(2);
        if (chance.once_in(2)) p.B_used = used.data(), p.used_column = B_column;
        if (chance.once_in(2)) p.soon = B.data(), p.soon_bytes = static_cast<ptrdiff_t>(B.size());
        p.C = expected.data(), portable().product(p);
        p.C = got.data(), path.begin(), path.product(p), path.end();
        CHECK(same_bits(expected, got), "%s, %d x %d x %d", path.name, rows, columns, depth);
    }
}

void test_extreme_products(const Kernels& path) {  // the largest sums that may occur: no instruction may saturate
    const int depth = MAX_BLOCK / DEPTH;
    for (const int weight : {-128, 127})
        for (const int pixel : {0, 1, 255}) {
            Buffer<int8_t> A(static_cast<size_t>(depth) * A_TILE);
            Buffer<uint8_t> B(static_cast<size_t>(depth) * B_TILE);
            std::memset(A.data(), weight, A.size()), std::memset(B.data(), pixel, B.size());
            Buffer<int32_t> C(C_TILE);
            Product p{};
            p.C = C.data(), p.A = A.data(), p.B = B.data(), p.rows = p.columns = p.C_row = 1;
            p.depth = depth, p.A_row = p.B_column = depth;
            path.begin(), path.product(p), path.end();
            for (int i = 0; i < C_TILE; ++i) CHECK(C[i] == weight * pixel * MAX_BLOCK, "%s: %d", path.name, C[i]);
        }
}

// Packed and multiplied as the path likes it, digits must add up to the same whole numbers.
void test_first_digits(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 20; ++round) {
        const int depth = chance.between(1, 14), count = depth * DEPTH, bits = round % 2 ? WEIGHT_BITS : DELTA_BITS;
        auto x = chance.floats(static_cast<size_t>(TILE) * count, 0.5f);
        for (size_t i = 0; i < x.size(); ++i) x[i] = std::fmax(-0.9999f, std::fmin(0.9999f, x[i]));
        const auto B = chance.bytes<uint8_t>(static_cast<size_t>(depth) * B_TILE);
        if (round % 2 == 0 && count > path.most_summed) continue;
        const auto totals = [&](const Kernels& kernels) {
            Buffer<int8_t> A(static_cast<size_t>(MAX_BYTES) * depth * A_TILE);
            const Packing how{kernels.digits, depth, round % 4 >= 2};
            for (int row = 0; row < TILE; ++row)
                kernels.pack_row(A.data(), row, &x[static_cast<size_t>(row) * count], count, std::ldexp(1.0f, bits), how);
            Buffer<int32_t> C(static_cast<size_t>(kernels.digits.count) * C_TILE);
            Product p{};
            p.C = C.data(), p.A = A.data(), p.A_words = kernels.digits.are_words(), p.B = B.data();
            p.rows = kernels.digits.count, p.columns = p.C_row = 1, p.depth = p.A_row = p.B_column = depth;
            kernels.begin(), kernels.product(p), kernels.end();
            std::vector<int64_t> sums(C_TILE);
            for (int d = kernels.digits.count - 1; d >= 0; --d)
                for (int i = 0; i < C_TILE; ++i) sums[i] = (sums[i] << kernels.digits.bits) + C[d * C_TILE + i];
            return sums;
        };
        CHECK(totals(portable()) == totals(path), "%s, sums of the first layer, depth %d, %d bits", path.name, depth, bits);
    }
}

void test_packing(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 60; ++round) {
        const int count = round_up(chance.between(1, 300), LANES), depth = tiles(count, DEPTH) + chance.below(2);
        const int row = chance.below(TILE);
        const Digits digits{chance.between(1, 4), 8, 1};
        const auto x = chance.floats(count, 1.0f);
        const float factor = std::ldexp(1.0f, chance.between(10, 23));
        for (const bool by_255 : {false, true}) {
            Buffer<int8_t> expected(static_cast<size_t>(digits.count) * depth * A_TILE), got(expected.size());
            portable().pack_row(expected.data(), row, x.data(), count, factor, {digits, depth, by_255});
            path.pack_row(got.data(), row, x.data(), count, factor, {digits, depth, by_255});
            CHECK(same_bits(expected, got), "%s, pack_row, %d floats, %d digits", path.name, count, digits.count);
        }
        const ptrdiff_t digit = static_cast<ptrdiff_t>(depth) * B_TILE, stride = count + chance.below(3) * LANES;
        const auto rows = chance.floats(3 * stride + count, 1.0f);
        const float factors[] = {factor, factor / 4, factor * 2, 0.0f};
        Buffer<uint8_t> expected(static_cast<size_t>(BYTES.count) * depth * B_TILE), got(expected.size());
        portable().pack_columns(expected.data(), digit, row / 4 * 4, rows.data(), stride, count, factors);
        path.pack_columns(got.data(), digit, row / 4 * 4, rows.data(), stride, count, factors);
        CHECK(same_bits(expected, got), "%s, pack_columns, %d floats", path.name, count);
    }
}

void test_pixels(const Kernels& path, Chance& chance) {
    for (int round = 0; round < 20; ++round) {
        const int depth = chance.between(1, 13), sixteens = DEPTH / TILE;
        const auto pixels = chance.bytes<uint8_t>(static_cast<size_t>(DEPTH) * depth * DEPTH);
        Buffer<uint8_t> in(static_cast<size_t>(sixteens) * depth * B_TILE), used(static_cast<size_t>(sixteens) * depth);
        auto in_too = copy(in), used_too = copy(used);
        for (int block = 0; block < sixteens; ++block) {
            const uint8_t* rows[TILE] = {};
            for (int i = 0; i < TILE; ++i)
                if (!chance.once_in(4)) rows[i] = &pixels[static_cast<size_t>(block * TILE + i) * depth * DEPTH];
            portable().pack_samples(&in[static_cast<size_t>(block) * depth * B_TILE], &used[block * depth], rows, depth);
            path.pack_samples(&in_too[static_cast<size_t>(block) * depth * B_TILE], &used_too[block * depth], rows, depth);
        }
        CHECK(same_bits(in, in_too) && same_bits(used, used_too), "%s, pack_samples, depth %d", path.name, depth);
        const int pixel_tiles = chance.between((depth - 1) * 4 + 1, depth * 4);
        const ptrdiff_t between = chance.between(1, 8);  // tiles from one 16 pixels to the next
        Buffer<uint8_t> out((static_cast<size_t>(pixel_tiles - 1) * between + 1) * B_TILE), lit(out.size() / B_TILE);
        auto out_too = copy(out), lit_too = copy(lit);
        portable().turn_pixels(out.data(), between, lit.data(), between, in.data(), depth, pixel_tiles);
        path.turn_pixels(out_too.data(), between, lit_too.data(), between, in.data(), depth, pixel_tiles);
        CHECK(same_bits(out, out_too), "%s, turn_pixels, %d tiles of pixels", path.name, pixel_tiles);
        for (size_t i = 0; i < lit.size(); ++i) CHECK(!lit[i] == !lit_too[i], "%s, turn_pixels: used", path.name);
    }
}

}  // namespace

void test_products(const Kernels& path) {
    Chance chance(1);
    test_product(path, chance);
    test_extreme_products(path);
    test_first_digits(path, chance);
    test_packing(path, chance);
    test_pixels(path, chance);
}

}  // namespace digitlab::tests
