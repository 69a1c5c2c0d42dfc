# Builds, installs and tests with PGXS: make && make install && make installcheck. In another folder, which leaves the
# sources as they are: make -f /path/to/Makefile
#
#   PG_CONFIG=/path/to/pg_config   which server to build for (default: the one in PATH)
#   COPT=-Werror                   further compiler options
#   TAP_TESTS=1                    installcheck runs test/t too (needs IPC::Run, and an ordinary user)
EXTENSION = lead_scoring
MODULE_big = lead_scoring

# Where the sources are. PGXS takes its srcdir from the same two.
SOURCES := $(if $(VPATH),$(VPATH)/,$(dir $(firstword $(MAKEFILE_LIST))))
ifeq ($(wildcard $(SOURCES)lead_scoring.control),)
$(error no sources in "$(SOURCES)". A path with a blank in it cannot be named by -f or VPATH: call make in that folder)
endif
# files PATTERN: those of the sources, in the order of their names, as seen from there.
files = $(sort $(patsubst $(SOURCES)%,%,$(wildcard $(SOURCES)$1)))

EXTENSION_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(SOURCES)lead_scoring.control)

OBJS = $(patsubst %.cpp,%.o,$(call files,src/*/*/*.cpp) $(call files,src/*/*/*/*.cpp))

# The install script is what sql/assemble makes of these.
SQL_PARTS = $(call files,sql/install/*/*.sql)
SQL_SCRIPT = sql/lead_scoring--$(EXTENSION_VERSION).sql
# Steps between versions, and the scripts of earlier ones, which steps begin at: see docs/releasing.md.
DATA = $(call files,sql/upgrade/lead_scoring--*--*.sql) \
       $(filter-out %--$(EXTENSION_VERSION).sql,$(call files,sql/released/lead_scoring--*.sql))
DATA_built = $(SQL_SCRIPT)

# -MMD -MP: the compiler writes what each object depends on; read back below. -ffp-contract=off: a multiplication fused
# with an addition, as some processors can, gives other digits, and scores are the same everywhere.
PG_CXXFLAGS = -std=c++20 -ffp-contract=off -fvisibility=hidden -fvisibility-inlines-hidden -MMD -MP \
              -Wextra -Wno-register -Wno-unused-parameter -Wno-missing-field-initializers \
              -Wno-cast-function-type $(COPT)
# Eigen as a system header: its warnings are not ours.
EIGEN_CPPFLAGS := $(shell pkg-config --cflags-only-I eigen3 2>/dev/null || echo -I/usr/include/eigen3)
PG_CPPFLAGS = -I$(SOURCES)src $(patsubst -I%,-isystem %,$(EIGEN_CPPFLAGS)) -DFMT_HEADER_ONLY
SHLIB_LINK = -lstdc++
SHLIB_EXPORTS = src/pg/exports.txt
EXTRA_CLEAN = $(OBJS:.o=.d)

REGRESS = $(patsubst test/sql/%.sql,%,$(call files,test/sql/*.sql))
REGRESS_OPTS = --inputdir=$(SOURCES)test --load-extension=lead_scoring
ISOLATION = $(patsubst test/specs/%.spec,%,$(call files,test/specs/*.spec))
# Before 16 the expected files are looked for in the output directory.
ISOLATION_OPTS = --inputdir=$(SOURCES)test --outputdir=. --load-extension=lead_scoring
PROVE_TESTS = test/t/*.pl
ENCODING = UTF8
NO_LOCALE = 1

# pg_regress prefers ./sql/X.sql to test/sql/X.sql, and both kinds of tests share expected/ and results/.
CLASHES = $(filter $(patsubst sql/%.sql,%,$(call files,sql/*.sql)) $(ISOLATION),$(REGRESS))
ifneq ($(CLASHES),)
$(error rename these tests, their names are taken in sql/ or test/specs/: $(CLASHES))
endif

# PGXS compiles bitcode without PG_CXXFLAGS, which cannot work for C++20.
override with_llvm := no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error no server development files found by "$(PG_CONFIG) --pgxs": install postgresql-server-dev-15, or set PG_CONFIG)
endif
include $(PGXS)
ifeq ($(filter 15 16 17 18,$(MAJORVERSION)),)
$(error lead_scoring supports PostgreSQL 15 to 18, but $(PG_CONFIG) is of version $(VERSION))
endif

$(OBJS): Makefile

$(SQL_SCRIPT): $(SQL_PARTS) sql/assemble lead_scoring.control
	sh $(filter %assemble,$^) > $@

# In another folder make would take what was built in the sources for its own, and install nothing of it.
ifneq ($(realpath $(SOURCES)),$(realpath .))
ifneq ($(wildcard $(addprefix $(SOURCES),$(OBJS) $(SQL_SCRIPT) lead_scoring.so)),)
$(error the extension was built in $(SOURCES) itself: call make clean there first)
endif
FOLDERS := $(shell mkdir -p sql $(sort $(dir $(OBJS))))
endif

-include $(OBJS:.o=.d)
