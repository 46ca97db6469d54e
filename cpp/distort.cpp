#include "team.h"

#include "kernels.h"

namespace digitlab {

void distort(const Kernels& kernels, uint8_t* out, const uint8_t* in, const Drawn* drawn, int count, const Distortion& how,
             int threads) {
    constexpr int FEWEST = 128;  // pictures that are worth a thread of their own
    Team team(std::clamp(count / FEWEST, 1, threads));
    team.run([&](const Worker& worker) {
        worker.share(count, [&](int i) {
            const size_t at = static_cast<size_t>(i) * PIXELS;
            kernels.distort(out + at, in + at, drawn[i], how);
        });
    });
}

}  // namespace digitlab
