// Every path of this processor against the portable one, at odd sizes. Says how much was compared; fails if any differed.
#include "check.h"

int main() {
    using namespace digitlab;
    using namespace digitlab::tests;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
#if !defined(__SANITIZE_THREAD__)  // kernels know of no other threads
    for (const Kernels* path : other_paths()) {
        const int before = checks;
        test_products(*path);
        test_kernels(*path);
        std::printf("kernels of %s: %d comparisons\n", path->name, checks - before);
    }
#endif
    for (const std::string& name : available_paths()) {
        const int before = checks;
#if defined(__SANITIZE_THREAD__)  // its threads do what those of the others do, very slowly
        if (name == "portable" && !other_paths().empty()) continue;
#endif
        test_sessions(name);
        std::printf("sessions on %s: %d comparisons\n", name.c_str(), checks - before);
    }
    if (failures) std::printf("%d of %d comparisons FAILED\n", failures, checks);
    return failures != 0;
}
