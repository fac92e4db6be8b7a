// SPDX-License-Identifier: Apache-2.0
// bin/evclean, bin/mpirun and bin/orted of the bundle: this one static program under three names. It starts the program of
// its name in libexec with the bundle's own loader and C library, so that neither the node's glibc nor the place where the
// bundle was unpacked matters.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[PATH_MAX];

static const char* in_root(const char* rest) {
  static char paths[12][PATH_MAX];
  static int next = 0;
  char* path = paths[next++ % 12];
  if (snprintf(path, PATH_MAX, "%s/%s", root, rest) >= PATH_MAX) {
    fprintf(stderr, "evclean: the path of the bundle is too long\n");
    exit(3);
  }
  return path;
}

// Open MPI and PMIx look for their parts where they were installed, unless told otherwise.
static void say_where_things_are(void) {
  setenv("OPAL_PREFIX", root, 1);
  setenv("OPAL_LIBDIR", in_root("lib"), 1);
  setenv("OPAL_PKGLIBDIR", in_root("lib/openmpi"), 1);
  setenv("OPAL_PKGDATADIR", in_root("share/openmpi"), 1);
  setenv("OPAL_SYSCONFDIR", in_root("etc"), 1);
  setenv("PMIX_INSTALL_PREFIX", root, 1);
  setenv("PMIX_PKGLIBDIR", in_root("lib/pmix"), 1);
  setenv("PMIX_PKGDATADIR", in_root("share/pmix"), 1);
  setenv("PMIX_SYSCONFDIR", in_root("etc"), 1);
  if (access("/usr/share/zoneinfo/UTC", R_OK) != 0) setenv("TZDIR", in_root("share/zoneinfo"), 0);
  if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) != 0 && access("/etc/pki/tls/certs/ca-bundle.crt", R_OK) != 0)
    setenv("SSL_CERT_FILE", in_root("share/ca-certificates.crt"), 0);
}

static int is_in_path(const char* name) {
  const char* path = getenv("PATH");
  char whole[PATH_MAX];
  for (; path != NULL && *path != '\0'; path += strcspn(path, ":"), path += *path == ':') {
    snprintf(whole, sizeof whole, "%.*s/%s", (int)strcspn(path, ":"), path, name);
    if (access(whole, X_OK) == 0) return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  char self[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) {
    fprintf(stderr, "evclean: /proc is not there: %s\n", strerror(errno));
    return 3;
  }
  self[length] = '\0';
  const char* name = strrchr(self, '/') + 1;
  memcpy(root, self, sizeof root);
  *strrchr(root, '/') = '\0';  // bin
  *strrchr(root, '/') = '\0';
  say_where_things_are();
  setenv("HOME", "/", 0);  // PMIx crashes for a user without HOME and without an entry in /etc/passwd
  // Without ssh there are no other nodes; Open MPI would refuse to start even here.
  if (!is_in_path("ssh") && !is_in_path("rsh") && getenv("SLURM_JOB_ID") == NULL) setenv("OMPI_MCA_plm", "isolated", 0);

  char* libraries = NULL;
  if (asprintf(&libraries, "%s:%s", in_root("lib/glibc"), in_root("lib/evclean")) < 0) return 3;
  char program[64];
  snprintf(program, sizeof program, "libexec/%s", name);
  const char** words = calloc((size_t)argc + 8, sizeof *words);
  if (words == NULL) return 3;
  int count = 0;
  words[count++] = in_root("lib/glibc/ld-linux-x86-64.so.2");
  words[count++] = "--library-path";
  words[count++] = libraries;
  words[count++] = "--argv0";
  words[count++] = self;  // absolute: mpirun takes its own place from it, and starts orted there on other nodes
  words[count++] = in_root(program);
  for (int i = 1; i < argc; ++i) words[count++] = argv[i];
  execv(words[0], (char* const*)words);
  fprintf(stderr, "evclean: cannot start %s: %s (the bundle is for Linux on x86-64)\n", words[0], strerror(errno));
  return 3;
}
