// The peer in C++ of the GRU step: 100,000 keys of 32 units and 8 inputs in batches of 1,024, rows gathered from all over
// the slab. Sixteen units a vector, four rows a tile, so that all sums stay in registers (AVX-512); the activations are the
// same rational. Prints nanoseconds of an event, one line for each round, and the sum of the read-outs.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

constexpr int H = 32, I = 8, V = H / 16, ROWS = 1024, KEYS = 100000, TILE = 4;
typedef float vec __attribute__((vector_size(64)));

static inline vec splat(float x) { return x - vec{}; }

static inline vec tanhOf(vec x) {
  x = x < splat(-7) ? splat(-7) : x;
  x = x > splat(7) ? splat(7) : x;
  const vec s = x * x;
  vec p = splat(3.930041847270874e-6f) * s + splat(0.002276996034092547f);
  p = p * s + splat(0.12302191720978742f);
  p = p * s + splat(0.9999956889426271f);
  vec q = splat(0.0001423515667290676f) * s + splat(0.02107221494716207f);
  q = q * s + splat(0.45634040514097074f);
  q = q * s + splat(1);
  return p * x / q;
}

static inline vec sigmoidOfHalf(vec x) { return tanhOf(x) * splat(0.5f) + splat(0.5f); }

// Weights by input and unit: z, r, n of all units side by side; those of z and r halved, as sigmoidOfHalf wants.
struct Weights {
  vec kernel[I][3][V], recurrent[H][3][V], bias[4][V], readout[V];
  float offset;
};

static float uniform() { return 2 * (std::rand() / (float)RAND_MAX) - 1; }

static void fill(vec& v, float scale) {
  for (int i = 0; i < 16; i++) v[i] = scale * uniform();
}

static void step(const Weights& w, float* slab, const int* rows, const float* inputs, float* readouts, int count) {
  for (int first = 0; first < count; first += TILE) {
    float* h[TILE];
    for (int t = 0; t < TILE; t++) h[t] = slab + (size_t)rows[first + t] * H;
    const float* x = inputs + first * I;
    vec z[TILE][V], r[TILE][V], m[TILE][V], n[TILE][V];
    for (int t = 0; t < TILE; t++)
      for (int v = 0; v < V; v++) z[t][v] = w.bias[0][v], r[t][v] = w.bias[1][v], m[t][v] = w.bias[3][v];
    for (int k = 0; k < I; k++)
      for (int t = 0; t < TILE; t++) {
        const vec s = splat(x[t * I + k]);
        for (int v = 0; v < V; v++) z[t][v] += s * w.kernel[k][0][v], r[t][v] += s * w.kernel[k][1][v];
      }
    for (int k = 0; k < H; k++)
      for (int t = 0; t < TILE; t++) {
        const vec s = splat(h[t][k]);
        for (int v = 0; v < V; v++) {
          z[t][v] += s * w.recurrent[k][0][v];
          r[t][v] += s * w.recurrent[k][1][v];
          m[t][v] += s * w.recurrent[k][2][v];
        }
      }
    for (int t = 0; t < TILE; t++)
      for (int v = 0; v < V; v++) n[t][v] = w.bias[2][v];
    for (int k = 0; k < I; k++)
      for (int t = 0; t < TILE; t++) {
        const vec s = splat(x[t * I + k]);
        for (int v = 0; v < V; v++) n[t][v] += s * w.kernel[k][2][v];
      }
    for (int t = 0; t < TILE; t++) {
      vec sum = splat(0);
      for (int v = 0; v < V; v++) {
        vec* state = (vec*)(h[t] + 16 * v);
        const vec candidate = tanhOf(sigmoidOfHalf(r[t][v]) * m[t][v] + n[t][v]);
        *state = candidate + sigmoidOfHalf(z[t][v]) * (*state - candidate);
        sum += *state * w.readout[v];
      }
      float total = w.offset;
      for (int i = 0; i < 16; i++) total += sum[i];
      readouts[first + t] = total;
    }
  }
}

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 10;
  Weights* w = (Weights*)std::aligned_alloc(64, (sizeof(Weights) + 63) / 64 * 64);
  for (auto& input : w->kernel)
    for (int g = 0; g < 3; g++)
      for (auto& v : input[g]) fill(v, g < 2 ? 0.15f : 0.3f);
  for (auto& unit : w->recurrent)
    for (int g = 0; g < 3; g++)
      for (auto& v : unit[g]) fill(v, g < 2 ? 0.08f : 0.16f);
  for (auto& b : w->bias)
    for (auto& v : b) fill(v, 0.1f);
  for (auto& v : w->readout) fill(v, 0.2f);
  w->offset = 0;
  float* slab = (float*)std::aligned_alloc(64, sizeof(float) * H * KEYS);
  for (size_t i = 0; i < (size_t)H * KEYS; i++) slab[i] = 0;
  std::vector<int> order(KEYS);
  for (int i = 0; i < KEYS; i++) order[i] = (int)((long long)i * 61803 % KEYS);
  std::vector<float> inputs(ROWS * I), readouts(ROWS);
  for (float& x : inputs) x = uniform();
  double check = 0;
  for (int round = 0; round < rounds; round++) {
    const auto begin = std::chrono::steady_clock::now();
    long events = 0;
    for (int first = 0; first + ROWS <= KEYS; first += ROWS, events += ROWS) {
      step(*w, slab, order.data() + first, inputs.data(), readouts.data(), ROWS);
      check += readouts[0];
    }
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
    std::printf("%.2f\n", elapsed.count() / events);
  }
  std::fprintf(stderr, "%f\n", check);
}
