# What is written: HOT updates of scores, bytes of WAL, multixacts.
#
# An update is not HOT where it changes an indexed column, here the stage, or where its page has no room. The first COPY rewrites
# every row of every page in one transaction, and makes it larger, for the cards were empty: what it replaces stays until it ends,
# so that not all new versions fit. A COPY of a day, a ninetieth of the events, into what is then there rewrites few rows of a page.
#
# A statement that moves several leads takes two multixacts, however many leads: their rows in leads are locked in a subtransaction,
# to give the locks back where it has to begin anew, and updated after it.

declare -A scores=([ours]=ours_model [statement_trigger]=statement_trigger [by_hand]=by_hand)
n=$((leads / 5)) first_multixact=$(multixacts)
for contender in floor ours statement_trigger by_hand; do
    sql -c "CALL bench.make('$contender', $leads)"
    [[ $contender == floor ]] || hot_share "$contender made" 1 "${scores[$contender]}"  # and forget those of the making
    wal_of "$contender COPY" 1 "$events" sql -c "COPY $contender.events (lead_id, type, occurred_at, properties) FROM '$RUN/events'"
    [[ $contender == floor || $contender == by_hand ]] || hot_share "$contender COPY" 1 "${scores[$contender]}"
    [[ $contender != ours ]] || sql -c "INSERT INTO bench.samples SELECT $measure, 'moved', 1, 100.0 * count(*) FILTER (WHERE stage <> 'lead') / count(scored_at), '%' FROM ours_model.scores"

    mapfile -t inserts < <(write_inserts insert "random(1, $leads)")
    [[ $contender != by_hand ]] || mapfile -t inserts < <(write_inserts insert "random(1, $leads)" '\startpipeline' \
        'UPDATE scores SET score = score + 1, scored_at = clock_timestamp() WHERE lead_id = :lead;
\endpipeline')
    set_server full_page_writes off  # how many images there are depends on the time between checkpoints, not on who writes
    wal_of "$contender INSERT" 1 "$n" run_pgbench "$contender tps" 1 "$contender" off -c 8 -j 2 -t $((n / 8)) "${inserts[@]}"
    set_server full_page_writes on
    [[ $contender == floor ]] || hot_share "$contender INSERT" 1 "${scores[$contender]}"
    if [[ $contender == ours ]]; then
        sql -c "CALL bench.add_sample($measure, 'multixacts', 1, $(multixacts) - $first_multixact, 'multixacts')"
        sql -c "COPY (SELECT lead_id, type, now(), properties FROM bench.events($events / 90, $leads)) TO '$RUN/day'" \
            -c "COPY ours.events (lead_id, type, occurred_at, properties) FROM '$RUN/day'"
        hot_share "ours day" 1 ours_model
        verify ours
    fi
done

compare 'HOT share of updates of scores, COPY' 'ours COPY HOT' '' '>= 95'
compare 'for scale: leads whose stage that COPY changed' moved ''
compare 'HOT share of updates of scores, COPY of a day into the loaded model' 'ours day HOT' '' '>= 95'
compare 'HOT share of updates of scores, single INSERT' 'ours INSERT HOT' '' '>= 95'
compare 'for scale: HOT share of the UPDATE by hand, single INSERT' 'by_hand INSERT HOT' ''
compare 'WAL of COPY, over the floor' 'ours COPY WAL' 'floor COPY WAL' '<= 1.50'
compare 'for scale: WAL of COPY, set-based trigger over the floor' 'statement_trigger COPY WAL' 'floor COPY WAL'
compare 'WAL of single INSERT without page images, over an UPDATE by hand' 'ours INSERT WAL' 'by_hand INSERT WAL'
compare 'for scale: WAL of single INSERT without page images, over the floor' 'ours INSERT WAL' 'floor INSERT WAL'
compare multixacts multixacts '' '<= 0'
