# SPDX-License-Identifier: Apache-2.0
"""Files of other programs: images of theirs into recordings, results of ours into what they read."""
