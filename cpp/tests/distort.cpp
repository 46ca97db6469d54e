// Distortions at the bounds of what may be drawn, and beyond what makes sense: nothing outside of a picture is read or written,
// and all paths give the same bytes, with any number of threads. What the bytes must be is tested from Python.
#include "check.h"

namespace digitlab::tests {
namespace {

int32_t some(Chance& chance, int limit) { return chance.once_in(4) ? limit : chance.once_in(3) ? -limit : chance.between(-limit, limit); }

Drawn draw(Chance& chance, bool wild) {
    Drawn drawn{chance.word(), chance.word(), wild ? some(chance, SIDE * 256) : some(chance, 300), {}, 0, 0, 0};
    for (int axis = 0; axis < 2; ++axis)
        for (int i = 0; i < 3; ++i) {
            const int limit = i < 2 ? 1 << 22 : 1 << 29, near = i == axis ? 1 << 16 : 0;
            drawn.map[axis][i] = wild ? some(chance, limit) : near + some(chance, i < 2 ? 1 << 14 : 1 << 18);
        }
    drawn.side = chance.between(0, SIDE), drawn.top = chance.between(0, SIDE - drawn.side);
    drawn.left = chance.between(0, SIDE - drawn.side);
    return drawn;
}

}  // namespace

void test_distort() {
    Chance chance(7);
    Buffer<float> smoothing(SIDE * 32);  // nothing but the greatest sums that there can be
    for (int row = 0; row < SIDE; ++row)
        for (int column = 0; column < SIDE; ++column) smoothing[row * 32 + column] = 293;
    for (int round = 0; round < 60; ++round) {
        const int count = chance.between(0, 400);
        const auto in = chance.pictures(count, LOOKS[round % 4]);
        Buffer<Drawn> drawn(count);
        for (int i = 0; i < count; ++i) drawn[i] = draw(chance, round % 2);
        const Distortion how{smoothing.data(), round % 3 ? round % 2 ? 0.25f : 2e-3f : 0.0f, round % 5 ? 1 << 16 : 0};
        const auto on = [&](const Kernels& path, int threads) {
            Buffer<uint8_t> out(in.size());
            distort(path, out.data(), in.data(), drawn.data(), count, how, threads);
            return out;
        };
        const auto expected = on(portable(), 1);
        CHECK(same_bits(expected, on(portable(), 3)), "3 threads, round %d", round);
        for (const Kernels* path : other_paths()) CHECK(same_bits(expected, on(*path, 2)), "%s, round %d", path->name, round);
    }
}

}  // namespace digitlab::tests
